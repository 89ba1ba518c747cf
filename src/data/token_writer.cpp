#include "ktlm/data/token_writer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "token_format.h"

namespace ktlm::data {

namespace {

void store_text(const std::string& text, std::array<char, 64>& field) {
  if (text.size() >= field.size()) throw Error("hash \"" + text + "\" is too long for a token file's header");
  std::copy(text.begin(), text.end(), field.begin());
}

}  // namespace

struct TokenWriter::Impl {
  std::filesystem::path path;
  AtomicFile file;
  TokenHeader header;
  int64_t vocab_size;
  std::vector<uint64_t> document_offsets;
  std::string block;  // of the body, not yet written
  BodyChecksum checksum;

  Impl(const std::filesystem::path& target, const TokenOrigin& origin)
      : path(target), file(target), vocab_size(origin.vocab_size) {
    header.bytes_per_id = vocab_size <= kMaxVocabOfTwoBytes ? 2 : 4;
    store_text(origin.tokenizer_hash, header.tokenizer_hash);
    store_text(origin.corpus_hash, header.corpus_hash);
    file.write(&header, sizeof header);  // holds the place until the counts are known
  }

  void append(const void* data, size_t size_bytes) {
    const auto* bytes = static_cast<const char*>(data);
    while (size_bytes > 0) {
      const size_t count = std::min(size_bytes, kChecksumBlockBytes - block.size());
      block.append(bytes, count);
      bytes += count;
      size_bytes -= count;
      if (block.size() == kChecksumBlockBytes) write_block();
    }
  }

  template <class Id>
  void append_ids(std::span<const tokenizer::TokenId> ids) {
    std::array<Id, 1024> stored;
    while (!ids.empty()) {
      const auto part = ids.first(std::min(ids.size(), stored.size()));
      std::transform(part.begin(), part.end(), stored.begin(), [](auto id) { return static_cast<Id>(id); });
      append(stored.data(), part.size_bytes() / sizeof(tokenizer::TokenId) * sizeof(Id));
      ids = ids.subspan(part.size());
    }
  }

  void write_block() {
    checksum.add_block(block);
    file.write(block);
    block.clear();
  }
};

TokenWriter::TokenWriter(const std::filesystem::path& path, const TokenOrigin& origin)
    : impl_(std::make_unique<Impl>(path, origin)) {}
TokenWriter::~TokenWriter() = default;

void TokenWriter::add_document(std::span<const tokenizer::TokenId> ids, int64_t text_bytes) {
  for (const auto id : ids)
    if (id < 0 || id >= impl_->vocab_size)
      throw Error(impl_->path.string() + ": token id " + std::to_string(id) + " is outside the vocabulary of " +
                  std::to_string(impl_->vocab_size));
  TokenHeader& header = impl_->header;
  impl_->document_offsets.push_back(header.num_tokens);
  if (header.bytes_per_id == 2)
    impl_->append_ids<uint16_t>(ids);
  else
    impl_->append_ids<uint32_t>(ids);
  header.num_tokens += ids.size();
  header.num_documents += 1;
  header.text_bytes += static_cast<uint64_t>(text_bytes);
}

void TokenWriter::commit() {
  TokenHeader& header = impl_->header;
  const std::array<char, 8> zeros{};
  impl_->append(zeros.data(), padded_id_bytes(header) - header.num_tokens * header.bytes_per_id);
  impl_->append(impl_->document_offsets.data(), impl_->document_offsets.size() * sizeof(uint64_t));
  if (!impl_->block.empty()) impl_->write_block();
  header.body_checksum = impl_->checksum.value();
  header.header_checksum = header_checksum(header);
  impl_->file.overwrite(0, &header, sizeof header);
  impl_->file.commit();
}

}  // namespace ktlm::data
