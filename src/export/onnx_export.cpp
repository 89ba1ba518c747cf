#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/export/onnx.h"
#include "ktlm/model/model_files.h"
#include "ktlm/model/weight_files.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "ktlm/tokenizer/tokenizer_files.h"
#include "onnx_file.h"
#include "onnx_model.h"
#include "source_weights.h"

namespace ktlm::formats {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfigFile = "config.json";
constexpr const char* kFolder = "onnx";  // where optimum and transformers.js look

// As transformers.js finds it by its dtype.
const char* file_name(OnnxNumbers numbers) { return numbers == OnnxNumbers::kFp16 ? "model_fp16.onnx" : "model.onnx"; }
const char* name_of(OnnxNumbers numbers) { return numbers == OnnxNumbers::kFp16 ? "fp16" : "fp32"; }

// The places of an export's files, from its directory on.
std::set<fs::path> parts_of_an_export() {
  std::set<fs::path> parts = {kConfigFile, kFolder};
  parts.insert(tokenizer::kTokenizerFiles.begin(), tokenizer::kTokenizerFiles.end());
  for (const auto numbers : {OnnxNumbers::kFp32, OnnxNumbers::kFp16})
    for (const char* ending : {"", kDataEnding})
      parts.insert(fs::path(kFolder) / (file_name(numbers) + std::string(ending)));
  return parts;
}

// Whatever else stands there a person put there.
void refuse_what_is_no_export(const fs::path& directory) try {
  if (!fs::is_directory(directory)) return;  // making it tells what is wrong, where something is
  const auto parts = parts_of_an_export();
  const auto refuse = [&](const std::string& why) {
    throw Error(directory.string() + ": " + why + "; name another place with --out");
  };
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    const fs::path part = entry.path().lexically_relative(directory);
    const bool has_its_kind = part == kFolder ? entry.is_directory() && !entry.is_symlink() : entry.is_regular_file();
    if (!has_its_kind || !parts.contains(part))
      refuse("holds " + part.string() + ", which is no part of an ONNX export");
  }
  if (!fs::is_empty(directory) && !fs::exists(directory / kFolder))
    refuse("is no ONNX export, for it holds no folder " + std::string(kFolder));
} catch (const fs::filesystem_error& error) {
  throw Error(error.path1().string() + ": can't be looked through (" + error.code().message() +
              "); name another place with --out");
}

// Returns what transformers.js is to know of the files (its documentation: Configuration).
Json write_models(const fs::path& model_directory, const fs::path& folder, const std::vector<OnnxNumbers>& numbers,
                  const StopFlag& stop) {
  const auto config = model::load_model_config(model_directory);
  const model::WeightFiles weights(model_directory, config);
  check_tensors(weights, config);
  Json for_transformers_js = {{"dtype", name_of(numbers.front())}};
  for (const auto each : numbers) {
    const bool is_half = each == OnnxNumbers::kFp16;
    const auto graph = onnx_model(config, weights.tensors(), is_half ? OnnxType::kFloat16 : OnnxType::kFloat);
    if (write_onnx_file(graph, folder / file_name(each), weights.where(), stop)) {
      for_transformers_js["use_external_data_format"][file_name(each)] = true;
    }
    if (is_half) for_transformers_js["kv_cache_dtype"]["fp16"] = "float16";
  }
  return for_transformers_js;
}

// transformers.js cuts a space's mark off the word behind it where the file says "MergedWithNext", and so gives other
// ids than every other program. This pattern cuts at the same places in all of them.
void mend_for_transformers_js(Json& tokenizer) {
  const Json mark = {{"String", "▁"}};
  const Json cut = {{"type", "Split"}, {"pattern", mark}, {"behavior", "MergedWithNext"}, {"invert", false}};
  if (!tokenizer.is_object() || !tokenizer.contains("pre_tokenizer") || tokenizer["pre_tokenizer"] != cut) return;
  tokenizer["pre_tokenizer"] = {
      {"type", "Split"}, {"pattern", {{"Regex", "▁[^▁]*|[^▁]+"}}}, {"behavior", "Isolated"}, {"invert", false}};
}

// Before anything is written: one that ktlm reads has to be whole. What it doesn't read is copied as it is.
void check_tokenizer(const fs::path& directory) {
  if (fs::exists(directory / tokenizer::kModelFile)) tokenizer::Tokenizer::load(directory);
}

void copy_tokenizer(const fs::path& from, const fs::path& to) {
  for (const std::string name : tokenizer::kTokenizerFiles) {
    if (!fs::exists(from / name)) continue;
    if (name != tokenizer::kFastTokenizerFile) {
      write_file_atomically(to / name, read_file(from / name));
      continue;
    }
    Json tokenizer = read_json_file((from / name).string());
    mend_for_transformers_js(tokenizer);
    write_file_atomically(to / name, tokenizer.dump());
  }
}

std::vector<OnnxFile> list_files(const fs::path& folder, const fs::path& final_folder) {
  std::vector<OnnxFile> files;
  for (const auto& entry : fs::directory_iterator(folder))
    files.push_back({final_folder / entry.path().filename(), entry.file_size()});
  std::sort(files.begin(), files.end(), [](const OnnxFile& a, const OnnxFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace

std::vector<OnnxNumbers> parse_onnx_numbers(const std::string& names) {
  std::vector<OnnxNumbers> result;
  std::istringstream list(names);
  for (std::string name; std::getline(list, name, ',');) {
    const auto numbers = name == name_of(OnnxNumbers::kFp16) ? OnnxNumbers::kFp16 : OnnxNumbers::kFp32;
    if (name != name_of(numbers))
      throw ConfigError("no ONNX numbers \"" + name + "\"; choose fp32, fp16 or both, fp32,fp16");
    if (std::find(result.begin(), result.end(), numbers) == result.end()) result.push_back(numbers);
  }
  return result;
}

std::optional<std::vector<OnnxFile>> export_onnx(const fs::path& model_directory, const fs::path& out,
                                                 const std::vector<OnnxNumbers>& numbers, const StopFlag& stop) try {
  refuse_what_is_no_export(out);
  check_tokenizer(model_directory);
  AtomicDirectory directory(out);
  const fs::path folder = directory.path() / kFolder;
  make_directories(folder);
  Json config = read_json_file((model_directory / kConfigFile).string());
  config["transformers.js_config"] = write_models(model_directory, folder, numbers, stop);
  write_file_atomically(directory.path() / kConfigFile, config.dump(2) + "\n");
  copy_tokenizer(model_directory, directory.path());
  auto files = list_files(folder, out / kFolder);
  directory.commit();
  return files;
} catch (const Stopped&) {
  return std::nullopt;
}

}  // namespace ktlm::formats
