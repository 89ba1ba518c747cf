#include "ktlm/data/token_dataset.h"

#include <algorithm>
#include <cstring>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/text_format.h"
#include "token_format.h"

namespace ktlm::data {

namespace {

constexpr const char* kNextStep = "; delete it, and ktlm train builds it anew";

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <size_t Size>
std::string load_text(const std::array<char, Size>& field) {
  return {field.begin(), std::find(field.begin(), field.end(), '\0')};
}

TokenHeader read_header(std::span<const std::byte> bytes, const std::string& where) {
  TokenHeader header;
  if (bytes.size() < sizeof header)
    throw Error(where + ": " + std::to_string(bytes.size()) + " bytes, fewer than a token file's header (truncated?)" +
                kNextStep);
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kTokenMagic) throw Error(where + ": is no token file" + kNextStep);
  if (header.version != kTokenVersion)
    throw Error(where + ": token file of version " + std::to_string(header.version) + ", expected " +
                std::to_string(kTokenVersion) + kNextStep);
  if (header.header_checksum != header_checksum(header))
    throw Error(where + ": its header is damaged (checksum differs)" + kNextStep);
  return header;
}

uint64_t checksum_of(std::span<const std::byte> body) {
  BodyChecksum checksum;
  for (; !body.empty(); body = body.subspan(std::min(body.size(), kChecksumBlockBytes)))
    checksum.add_block(as_text(body.first(std::min(body.size(), kChecksumBlockBytes))));
  return checksum.value();
}

}  // namespace

struct TokenDataset::Impl {
  MappedFile file;
  TokenHeader header;
  std::string tokenizer_hash, corpus_hash;
  std::span<const uint64_t> document_offsets;

  template <class Id>
  void copy_as(int64_t begin, std::span<int64_t> out) const {
    const auto* ids = reinterpret_cast<const Id*>(file.bytes().data() + sizeof(TokenHeader));
    const size_t num_tokens = header.num_tokens;
    size_t from = static_cast<size_t>(begin) % num_tokens;
    while (!out.empty()) {
      const size_t count = std::min(out.size(), num_tokens - from);
      std::copy_n(ids + from, count, out.begin());
      out = out.subspan(count);
      from = 0;
    }
  }
};

TokenDataset TokenDataset::open(const std::filesystem::path& path) {
  const std::string where = path.string();
  MappedFile file(path);
  const auto bytes = file.bytes();
  const TokenHeader header = read_header(bytes, where);
  const uint64_t promised = sizeof header + padded_id_bytes(header) + header.num_documents * sizeof(uint64_t);
  if (bytes.size() != promised)
    throw Error(where + ": " + format_bytes(static_cast<int64_t>(bytes.size())) + ", but its header promises " +
                format_bytes(static_cast<int64_t>(promised)) + " (truncated?)" + kNextStep);
  if (checksum_of(bytes.subspan(sizeof header)) != header.body_checksum)
    throw Error(where + ": its content is damaged (checksum differs)" + kNextStep);
  const auto* offsets = reinterpret_cast<const uint64_t*>(bytes.data() + sizeof header + padded_id_bytes(header));
  return TokenDataset(std::make_unique<Impl>(Impl{std::move(file),
                                                  header,
                                                  load_text(header.tokenizer_hash),
                                                  load_text(header.corpus_hash),
                                                  {offsets, header.num_documents}}));
}

TokenDataset::TokenDataset(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TokenDataset::TokenDataset(TokenDataset&&) noexcept = default;
TokenDataset& TokenDataset::operator=(TokenDataset&&) noexcept = default;
TokenDataset::~TokenDataset() = default;

int64_t TokenDataset::num_tokens() const { return static_cast<int64_t>(impl_->header.num_tokens); }
int64_t TokenDataset::num_documents() const { return static_cast<int64_t>(impl_->header.num_documents); }
int64_t TokenDataset::text_bytes() const { return static_cast<int64_t>(impl_->header.text_bytes); }
const std::string& TokenDataset::tokenizer_hash() const { return impl_->tokenizer_hash; }
const std::string& TokenDataset::corpus_hash() const { return impl_->corpus_hash; }
std::span<const uint64_t> TokenDataset::document_offsets() const { return impl_->document_offsets; }

void TokenDataset::copy(int64_t begin, std::span<int64_t> out) const {
  if (num_tokens() == 0) throw Error("token dataset: holds no token to copy");
  if (impl_->header.bytes_per_id == 2)
    impl_->copy_as<uint16_t>(begin, out);
  else
    impl_->copy_as<uint32_t>(begin, out);
}

}  // namespace ktlm::data
