#include "ktlm/generate/find_model.h"

#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "ktlm/core/error.h"

namespace ktlm::generate {

namespace {

namespace fs = std::filesystem;

// Of the directories that hold a model, the one whose config.json was written last.
class Newest {
 public:
  void consider(const fs::path& directory) {
    std::error_code error;
    const fs::file_time_type time = fs::last_write_time(directory / "config.json", error);
    if (error || (directory_ && time <= time_)) return;
    directory_ = directory;
    time_ = time;
  }
  const std::optional<fs::path>& directory() const { return directory_; }

 private:
  std::optional<fs::path> directory_;
  fs::file_time_type time_;
};

template <class Visit>
void for_each_entry(const fs::path& directory, const Visit& visit) {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error))
    visit(entry->path());
}

// Of a run's whole ones: a process that is killed leaves what it was writing or removing under a temporary name.
void consider_checkpoints_of(const fs::path& run, Newest& newest) {
  for_each_entry(run / "checkpoints", [&](const fs::path& entry) {
    if (entry.filename().string().find(".tmp-") == std::string::npos) newest.consider(entry);
  });
}

bool is_gguf(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return false;
  char magic[4] = {};
  std::ifstream(file, std::ios::binary).read(magic, sizeof magic);
  return std::string_view(magic, sizeof magic) == "GGUF";
}

}  // namespace

fs::path find_model(const fs::path& named) {
  std::error_code error;
  for (const fs::path& directory : {named, named / "model"}) {
    if (fs::exists(directory / "config.json", error)) return directory;
    if (error) throw Error(named.string() + ": can't be read: " + error.message());
  }
  Newest checkpoint;
  consider_checkpoints_of(named, checkpoint);
  if (checkpoint.directory())
    throw Error(named.string() + ": no finished model, but a checkpoint: use it with --model " +
                checkpoint.directory()->string());
  if (!fs::exists(named, error)) throw Error(named.string() + ": no such directory; name a model's or a run's");
  if (is_gguf(named)) throw Error(named.string() + ": is a GGUF file; \"ktlm import\" makes a model directory of it");
  throw Error(named.string() +
              ": holds no model (config.json, model.safetensors); name a model's directory or a run's");
}

fs::path find_newest_model(const fs::path& runs) {
  Newest model, checkpoint;
  for_each_entry(runs, [&](const fs::path& run) {
    model.consider(run / "model");
    consider_checkpoints_of(run, checkpoint);
  });
  if (model.directory()) return *model.directory();
  const std::string where = runs.string() + ": no finished model (" + (runs / "*" / "model").string() + ")";
  if (checkpoint.directory())
    throw Error(where + ", but a checkpoint: use it with --model " + checkpoint.directory()->string());
  throw Error(where + "; train one with \"ktlm train\", or name a directory with --model");
}

}  // namespace ktlm::generate
