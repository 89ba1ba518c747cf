// A tar archive to its files: any bytes give files or one error, and the same files however much of each is read. What
// looks like a header gets a right checksum first, which no mutation would hit.
#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "archives.h"
#include "corpus/corpus_fixtures.h"
#include "fuzz_target.h"
#include "input_files.h"
#include "ktlm/core/error.h"
#include "ktlm/text/utf8.h"

using ktlm::fuzz::require;
using namespace ktlm::corpus;

namespace {

constexpr size_t kBlockBytes = 512, kChecksum = 148, kMagic = 257;

void repair_checksums(std::string& tar) {
  for (size_t begin = 0; begin + kBlockBytes <= tar.size(); begin += kBlockBytes) {
    if (tar.compare(begin + kMagic, 5, "ustar") != 0) continue;
    tar.replace(begin + kChecksum, 8, "        ");
    unsigned sum = 0;
    for (size_t i = 0; i < kBlockBytes; ++i) sum += static_cast<unsigned char>(tar[begin + i]);
    char digits[16];
    std::snprintf(digits, sizeof digits, "%06o", sum);
    tar.replace(begin + kChecksum, 7, std::string(digits, 7));
  }
}

struct Reading {
  std::vector<std::string> names;
  std::string error;
  size_t num_bytes = 0, num_documents = 0;
};

// Takes up to `limit` bytes of each file.
Reading read(const std::string& tar, size_t step, size_t limit) {
  ktlm::test::MemorySource source(tar, step);
  Reading reading;
  try {
    read_tar(source, "fuzz.tar", [&](const std::string& member, const OpenMember& open) {
      require(ktlm::text::is_valid_utf8(member), "a name is valid UTF-8");
      require(!member.empty(), "a file has a name");
      reading.names.push_back(member);
      reading.num_documents += !is_hidden_member(member) && (is_document_name(member) || is_parquet_name(member));
      if (limit == 0 || open == nullptr) return;
      const auto file = open();
      char buffer[1000];
      size_t taken = 0;
      while (taken < limit) {
        const size_t count = file->read(buffer, std::min(sizeof buffer, limit - taken));
        if (count == 0) break;
        taken += count;
      }
      reading.num_bytes += taken;
    });
  } catch (const ktlm::Error& error) {
    reading.error = error.what();
  }
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string tar(ktlm::fuzz::bytes_of(data, size));
  repair_checksums(tar);
  archive_of(std::string_view(tar).substr(0, kBlockBytes));
  const Reading whole = read(tar, SIZE_MAX, SIZE_MAX);
  require(whole.num_documents <= whole.names.size(), "names are told apart");
  require(whole.num_bytes <= tar.size(), "no byte is read twice");
  for (const size_t limit : {size_t{0}, size_t{100}}) {
    const Reading some = read(tar, 333, limit);
    require(some.names == whole.names, "the files are the same, however much of each is read");
    require(some.error == whole.error, "the error is the same, however much of each file is read");
  }
  return 0;
}
