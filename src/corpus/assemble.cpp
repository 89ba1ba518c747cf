#include "assemble.h"

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <utility>

#include "held_out.h"
#include "ktlm/core/ordered_pipeline.h"
#include "ktlm/corpus/document.h"
#include "ktlm/text/utf8.h"
#include "part_lines.h"
#include "zstd_file.h"

namespace ktlm::corpus {

namespace {

// The documents first .. last - 1 of one split make one file; train files are numbered once it is known that they hold
// something.
struct Plan {
  std::string temporary_name;
  bool val = false;
  DocumentNumber first = 0, last = 0;
};

template <class Visit>
void for_each_kept(const PartReader& parts, const Verdicts& verdicts, const Visit& visit) {
  for (const PartReader::Frame& frame : parts.frames()) {
    DocumentNumber number = frame.first_document;
    for (const DocumentRecord& record : parts.documents(frame)) {
      if (verdicts.documents[number].is_kept()) visit(number, record);
      ++number;
    }
  }
}

std::string train_name(size_t number) {
  char name[32];
  std::snprintf(name, sizeof name, "train-%05d.jsonl.zst", static_cast<int>(number));
  return name;
}

std::vector<Plan> plan_files(const PartReader& parts, const Verdicts& verdicts, const HeldOut& held_out,
                             int64_t shard_bytes) {
  std::vector<Plan> plans;
  const auto next = [&](DocumentNumber first) {
    plans.push_back({.temporary_name = "train-" + std::to_string(plans.size()) + ".tmp",
                     .val = false,
                     .first = first,
                     .last = parts.num_documents()});
  };
  next(0);
  int64_t text_bytes = 0;
  for_each_kept(parts, verdicts, [&](DocumentNumber number, const DocumentRecord& record) {
    if (held_out.is_val(number, record)) return;
    if (text_bytes >= shard_bytes) {
      plans.back().last = number;
      next(number);
      text_bytes = 0;
    }
    text_bytes += record.text_bytes;
  });
  plans.push_back({.temporary_name = "val.tmp", .val = true, .first = 0, .last = parts.num_documents()});
  return plans;
}

struct WrittenFile {
  ShardInfo info;
  bool val = false;
  std::vector<uint64_t> line_hashes;
  int64_t num_documents_read = 0;
};

std::string excerpt_of(std::string_view text) {
  constexpr size_t kExcerptBytes = 1000;
  text = text.substr(0, kExcerptBytes);
  return std::string(text.substr(0, text.size() - text::incomplete_utf8_suffix(text)));
}

class FileWriter {
 public:
  FileWriter(const PartReader& parts, const Verdicts& verdicts, const PrepareConfig& config, const HeldOut& held_out,
             const std::filesystem::path& directory, const std::function<void(const SecondPassChange&)>& on_change,
             const std::function<void()>& check)
      : parts_(parts),
        verdicts_(verdicts),
        config_(config),
        held_out_(held_out),
        directory_(directory),
        on_change_(on_change),
        check_(check) {}

  WrittenFile write(const Plan& plan) const {
    WrittenFile written{.info = {.name = plan.temporary_name}, .val = plan.val};
    ZstdFile file(directory_ / plan.temporary_name);
    for (size_t i = plan.first < plan.last ? frame_index(plan.first) : parts_.frames().size();
         i < parts_.frames().size() && parts_.frames()[i].first_document < plan.last; ++i) {
      check_();
      write_frame(parts_.frames()[i], plan, file, written);
    }
    file.commit();
    written.info.bytes = static_cast<int64_t>(file.size_bytes());
    return written;
  }

 private:
  size_t frame_index(DocumentNumber document) const {
    return static_cast<size_t>(&parts_.frame_of(document) - parts_.frames().data());
  }

  void write_frame(const PartReader::Frame& frame, const Plan& plan, ZstdFile& file, WrittenFile& written) const {
    const std::vector<DocumentRecord> records = parts_.documents(frame);
    // Which of the frame's two pieces is needed depends on the file, and on the one document that changed sides.
    FrameLines lines(parts_, frame);
    const auto is_in_plan = [&](DocumentNumber number, const DocumentRecord& record) {
      return number >= plan.first && number < plan.last && held_out_.is_val(number, record) == plan.val;
    };
    bool any[2] = {false, false};
    for (size_t i = 0; i < records.size(); ++i)
      any[records[i].is_val] |= is_in_plan(frame.first_document + static_cast<DocumentNumber>(i), records[i]);
    for (size_t i = 0; i < records.size(); ++i) {
      const DocumentNumber number = frame.first_document + static_cast<DocumentNumber>(i);
      if (!any[records[i].is_val]) continue;
      const std::string_view line = lines.next(records[i].is_val != 0);
      if (is_in_plan(number, records[i])) write_document(line, number, records[i], file, written);
    }
  }

  void write_document(std::string_view line, DocumentNumber number, const DocumentRecord& record, ZstdFile& file,
                      WrittenFile& written) const {
    ++written.num_documents_read;
    const Verdict verdict = verdicts_.documents[number];
    if (verdict.is_kept() && !verdict.has_repeated_line && !verdict.needs_new_id)
      return write_line(line, record.line_hash, record.text_bytes, record, file, written);

    Document document = document_from_json_line(line, kTextFile);
    SecondPassChange change{.input = record.input,
                            .before = size_of(document.text),
                            .title = document.title,
                            .excerpt = excerpt_of(document.text)};
    if (verdict.is_duplicate) change.reason = DropReason::kDuplicate;
    if (verdict.is_near_duplicate) change.reason = DropReason::kNearDuplicate;
    if (verdict.has_repeated_line) {
      document.text = without_repeated_lines(document.text, verdicts_.repeated_lines, config_.repeated_line_min_chars,
                                             change.lines_removed);
      if (is_too_little(document.text, config_)) change.reason = DropReason::kRepeatedLines;
    }
    if (change.reason == DropReason::kNone) {
      if (verdict.needs_new_id) document.id += "#" + std::to_string(number);
      const std::string changed = to_json_line(document);
      change.after = size_of(document.text);
      write_line(changed, hash64(changed), change.after.bytes, record, file, written);
      if (change.lines_removed == 0) return;
    }
    report(change);
  }

  void report(const SecondPassChange& change) const {
    const std::lock_guard lock(change_mutex_);
    on_change_(change);
  }

  static void write_line(std::string_view line, uint64_t line_hash, int64_t text_bytes, const DocumentRecord& record,
                         ZstdFile& file, WrittenFile& written) {
    file.write(line);
    file.write("\n");
    written.line_hashes.push_back(line_hash);
    ++written.info.documents;
    written.info.dialogues += record.is_dialogue != 0 ? 1 : 0;
    written.info.text_bytes += text_bytes;
  }

  const PartReader& parts_;
  const Verdicts& verdicts_;
  const PrepareConfig& config_;
  const HeldOut& held_out_;
  const std::filesystem::path& directory_;
  const std::function<void(const SecondPassChange&)>& on_change_;
  const std::function<void()>& check_;
  mutable std::mutex change_mutex_;
};

// Gives a written file its name, or, to a train file of which nothing was left, none.
void settle(WrittenFile& written, const std::filesystem::path& directory, AssembledCorpus& corpus) {
  const std::filesystem::path path = directory / written.info.name;
  if (!written.val && written.info.documents == 0) {
    std::filesystem::remove(path);
    return;
  }
  written.info.name = written.val ? "val.jsonl.zst" : train_name(corpus.train.size());
  std::filesystem::rename(path, directory / written.info.name);
  if (written.val)
    corpus.val = std::move(written.info);
  else
    corpus.train.push_back(std::move(written.info));
}

}  // namespace

AssembledCorpus assemble(const PartReader& parts, const Verdicts& verdicts, const PrepareConfig& config,
                         const std::filesystem::path& directory, size_t num_workers,
                         const std::function<void(const SecondPassChange&)>& on_change,
                         const std::function<void(int64_t)>& on_documents, const std::function<void()>& check) {
  const HeldOut held_out = choose_held_out(parts, verdicts, config, check);
  const std::vector<Plan> plans = plan_files(parts, verdicts, held_out, config.shard_bytes);
  const FileWriter writer(parts, verdicts, config, held_out, directory, on_change, check);
  AssembledCorpus corpus;
  Hash128 content_hash;
  int64_t num_done = 0;
  OrderedPipeline<const Plan*, WrittenFile> pipeline(num_workers);
  pipeline.run(
      [&] {
        for (const Plan& plan : plans) pipeline.emit(&plan);
      },
      [&](const Plan*&& plan) { return writer.write(*plan); },
      [&](WrittenFile&& written) {
        // Along documents, not files: where the files are cut changes nothing.
        for (const uint64_t hash : written.line_hashes) content_hash = hash128(to_hex(content_hash) + to_hex(hash));
        on_documents(num_done += written.num_documents_read);
        settle(written, directory, corpus);
      });
  corpus.content_hash = to_hex(content_hash);
  return corpus;
}

}  // namespace ktlm::corpus
