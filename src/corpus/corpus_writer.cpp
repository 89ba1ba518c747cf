#include "corpus_writer.h"

#include <cstdio>
#include <utility>

namespace ktlm::corpus {

namespace {

// The share of all hashes below this one: uniform in [0, 1).
double position_of(const Hash128& hash) { return static_cast<double>(hash.high >> 11) * 0x1.0p-53; }

Hash128 chain(const Hash128& before, std::string_view bytes) {
  return hash128(to_hex(before) + to_hex(hash128(bytes)));
}

}  // namespace

SplitWriter::SplitWriter(std::filesystem::path directory, std::string name, bool numbered, int64_t shard_bytes)
    : directory_(std::move(directory)), name_(std::move(name)), numbered_(numbered), shard_bytes_(shard_bytes) {}

void SplitWriter::write(const Document& document) {
  if (file_ != nullptr && numbered_ && shards_.back().text_bytes >= shard_bytes_) close_current();
  if (file_ == nullptr) open_next();
  std::string line = to_json_line(document);
  content_hash_ = chain(content_hash_, line);
  line += '\n';
  file_->write(line);
  ++documents_;
  if (!document.messages.empty()) ++dialogues_;
  ++shards_.back().documents;
  shards_.back().text_bytes += static_cast<int64_t>(document.text.size());
}

void SplitWriter::finish() {
  if (file_ == nullptr && shards_.empty()) open_next();
  if (file_ != nullptr) close_current();
}

SplitSummary SplitWriter::summary() const {
  SplitSummary summary;
  summary.documents = documents_;
  summary.dialogues = dialogues_;
  summary.files = static_cast<int64_t>(shards_.size());
  for (const ShardInfo& shard : shards_) summary.text_bytes += shard.text_bytes;
  return summary;
}

void SplitWriter::open_next() {
  char number[16] = "";
  if (numbered_) std::snprintf(number, sizeof number, "-%05d", static_cast<int>(shards_.size()));
  shards_.push_back({.name = name_ + number + ".jsonl.zst"});
  file_ = std::make_unique<ZstdFile>(directory_ / shards_.back().name);
}

void SplitWriter::close_current() {
  file_->commit();
  shards_.back().bytes = static_cast<int64_t>(file_->size_bytes());
  file_.reset();
}

CorpusWriter::CorpusWriter(const std::filesystem::path& directory, const PrepareConfig& config)
    : val_fraction_(config.val_fraction),
      train_(directory, "train", true, config.shard_bytes),
      val_(directory, "val", false, config.shard_bytes) {}

bool CorpusWriter::add(ExtractedDocument&& extracted) {
  if (!seen_texts_.insert(extracted.hash).second) return false;
  make_id_unique(extracted.document.id);
  place(std::move(extracted));
  return true;
}

void CorpusWriter::finish() {
  if (candidate_) val_.write(std::exchange(candidate_, std::nullopt)->document);
  train_.finish();
  val_.finish();
}

// Whatever the order, the same text lands in the same split, with two exceptions that keep neither split empty: the
// first document is always trained on, and the candidate stands in where the hashes chose none.
void CorpusWriter::place(ExtractedDocument&& extracted) {
  const bool first = seen_texts_.size() == 1;
  if (first || val_fraction_ == 0) return train_.write(extracted.document);
  if (position_of(extracted.hash) < val_fraction_) {
    val_.write(extracted.document);
    if (candidate_) train_.write(std::exchange(candidate_, std::nullopt)->document);
    return;
  }
  if (val_.num_documents() > 0) return train_.write(extracted.document);
  if (!candidate_) {
    candidate_ = std::move(extracted);
    return;
  }
  if (position_of(extracted.hash) < position_of(candidate_->hash)) std::swap(*candidate_, extracted);
  train_.write(extracted.document);
}

void CorpusWriter::make_id_unique(std::string& id) {
  const std::string wanted = id;
  // The document's number is free at once, also where a whole file has one id.
  for (size_t number = seen_texts_.size(); !seen_ids_.insert(hash64(id)).second; ++number)
    id = wanted + "-" + std::to_string(number);
}

std::string CorpusWriter::content_hash() const {
  return to_hex(hash128(to_hex(train_.content_hash()) + to_hex(val_.content_hash())));
}

}  // namespace ktlm::corpus
