#include "archives.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <atomic>
#include <cstdio>
#include <map>

#include "compress.h"
#include "corpus_fixtures.h"
#include "encode.h"
#include "error_message.h"
#include "input_reader.h"
#include "ktlm/core/files.h"
#include "ktlm/core/random.h"
#include "temporary_directory.h"

namespace ktlm::corpus {
namespace {

using test::error_message;
using Members = std::vector<std::pair<std::string, std::string>>;  // names and contents

const std::string kText = test::sentence(1) + "\n" + test::sentence(2) + "\n";

std::string octal(size_t size) {
  char number[16];
  std::snprintf(number, sizeof number, "%011zo", size);
  return std::string(number, 12);
}

// The size as GNU tar writes it where eleven octal digits do not hold it.
std::string base256(size_t size) {
  std::string field(12, '\0');
  field[0] = '\x80';
  for (size_t i = 0; i < 8; ++i) field[11 - i] = static_cast<char>(size >> 8 * i & 0xFF);
  return field;
}

std::string with_checksum(std::string block) {
  block.replace(148, 8, "        ");
  char number[16];
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  std::snprintf(number, sizeof number, "%06o", sum);
  return block.replace(148, 7, std::string(number, 7));
}

std::string tar_header(const std::string& name, const std::string& size_field, char type) {
  std::string block(512, '\0');
  block.replace(0, name.size(), name);
  block.replace(124, 12, size_field);
  block[156] = type;
  block.replace(257, 8, std::string("ustar\00000", 8));
  return with_checksum(block);
}

// A member whose header says something else of its size than is true.
std::string tar_entry_of_size(const std::string& size_field, const std::string& name, const std::string& content,
                              char type = '0') {
  return tar_header(name, size_field, type) + content + std::string((512 - content.size() % 512) % 512, '\0');
}

std::string tar_entry(const std::string& name, const std::string& content, char type = '0') {
  return tar_entry_of_size(octal(content.size()), name, content, type);
}

const std::string kTarEnd(1024, '\0');

class ArchivesTest : public testing::Test {
 protected:
  std::string make_zip(const Members& members, int method = ZIP_CM_DEFLATE, bool encrypted = false) {
    const std::string path = (folder_ / "a.zip").string();
    int code = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    for (const auto& [name, content] : members) {
      zip_source_t* source = zip_source_buffer(archive, content.data(), content.size(), 0);
      const auto index = static_cast<zip_uint64_t>(zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_GUESS));
      zip_set_file_compression(archive, index, method, 0);
      if (encrypted) zip_file_set_encryption(archive, index, ZIP_EM_AES_256, "암호");
    }
    EXPECT_EQ(zip_close(archive), 0) << zip_strerror(archive);
    return path;
  }

  std::vector<RawDocument> read(const std::string& path) {
    return test::collect([&](const EmitDocument& emit) {
      reading_ =
          read_input_file({.path = path, .name = std::filesystem::path(path).filename().string()}, config_, {}, emit);
    });
  }

  std::vector<std::string> ids(const std::string& path) {
    std::vector<std::string> all;
    for (const RawDocument& document : read(path)) all.push_back(document.id);
    return all;
  }

  std::string put(const std::string& name, const std::string& content) {
    return test::write_text(folder_ / name, content);
  }

  test::TemporaryDirectory folder_;
  PrepareConfig config_;
  InputReading reading_;
};

TEST_F(ArchivesTest, FilesOfAZipAreReadInTheirOrder) {
  const Members members = {
      {"b/나.txt", kText}, {"a.jsonl.gz", test::gzip("{\"text\": 1}\n{\"text\": 2}\n")}, {"c.html", "<p>글"}};
  for (const int method : {ZIP_CM_STORE, ZIP_CM_DEFLATE}) {
    const auto documents = read(make_zip(members, method));
    ASSERT_EQ(documents.size(), 4U);
    EXPECT_EQ(documents[0].body, kText);
    EXPECT_EQ(documents[0].id, "a.zip/b/나.txt");
    EXPECT_EQ(documents[0].title, "나");
    EXPECT_EQ(documents[0].source, "a.zip/b/나.txt");
    EXPECT_EQ(documents[2].where, "a.zip/a.jsonl.gz:2");
    EXPECT_EQ(documents[3].form, RawForm::kHtml);
  }
  EXPECT_EQ(reading_.bytes, static_cast<int64_t>(kText.size() + 24 + 6));
}

TEST_F(ArchivesTest, NamesOfWindowsAndOfMacOsAreRead) {
  EXPECT_EQ(ids(make_zip({{test::to_cp949("한글.txt"), kText}, {"\u1112\u1161\u11AB.txt", kText}})),
            (std::vector<std::string>{"a.zip/한글.txt", "a.zip/한.txt"}));
}

TEST_F(ArchivesTest, HiddenFilesAreSkippedAndOthersCounted) {
  EXPECT_EQ(
      ids(make_zip({{"a.txt", kText}, {"__MACOSX/._a.txt", "x"}, {".DS_Store", "x"}, {"b.png", "x"}, {"c.zip", "x"}})),
      std::vector<std::string>{"a.zip/a.txt"});
  EXPECT_EQ(reading_.warnings, std::vector<std::string>{"a.zip: 2 files of other kinds left out; unpack it and name "
                                                        "them to read them too"});
  EXPECT_EQ(
      error_message([&] {
        read(make_zip({{"b.png", "x"}}));
      }),
      "a.zip: holds no .txt, .text, .md, .jsonl, .json, .ndjson, .html, .htm, .xml, .xhtml or .wiki file; 1 files of "
      "other kinds left out; unpack it and name them to read them too");
}

TEST_F(ArchivesTest, ParquetFilesAreLeftOutWithAWarning) {
  EXPECT_EQ(ids(make_zip({{"a.txt", kText}, {"b.parquet", "PAR1\x15 .. PAR1"}, {"C.Parquet", "x"}, {"d.png", "x"}})),
            std::vector<std::string>{"a.zip/a.txt"});
  EXPECT_EQ(reading_.warnings,
            (std::vector<std::string>{
                "a.zip: 1 files of other kinds left out; unpack it and name them to read them too",
                "a.zip: 2 Parquet files left out, whose tables of contents are at their ends; unpack it and name them "
                "to read them too"}));
  EXPECT_EQ(error_message([&] {
              read(make_zip({{"b.parquet", "x"}}));
            }),
            "a.zip: holds no .txt, .text, .md, .jsonl, .json, .ndjson, .html, .htm, .xml, .xhtml or .wiki file; 1 "
            "Parquet files left out, whose tables of contents are at their ends; unpack it and name them to read them "
            "too");
}

TEST_F(ArchivesTest, EachFileHasItsOwnEncoding) {
  read(make_zip(
      {{"a.txt", test::to_cp949(kText)}, {"b.txt", kText}, {"c.txt", "\xFF\xFE" + test::to_utf16(kText, false)}}));
  EXPECT_EQ(reading_.decoded_files, (std::map<std::string, int64_t>{{"CP949", 1}, {"UTF-16LE", 1}}));
}

TEST_F(ArchivesTest, TruncationAndDamageAreNamed) {
  const std::string whole = read_file(make_zip({{"a.txt", kText}, {"b.txt", kText}}, ZIP_CM_STORE));
  for (const size_t size : {whole.size() - 30, whole.size() / 2, size_t{40}}) {
    EXPECT_EQ(error_message([&] { read(put("a.zip", whole.substr(0, size))); }),
              "a.zip: a zip archive whose table of contents is missing or damaged (an unfinished download?); fetch the "
              "file again");
  }
  std::string damaged = whole;
  damaged[whole.rfind(kText) + 5] ^= 1;  // the checksum tells
  EXPECT_EQ(error_message([&] { read(put("a.zip", damaged)); }),
            "a.zip/b.txt: its data in the zip archive is damaged; fetch the archive again");
}

TEST_F(ArchivesTest, ADamagedMemberOfAZipIsSkippedAlone) {
  std::string damaged = read_file(make_zip({{"a.txt", kText}, {"b.txt", kText}, {"c.txt", kText}}, ZIP_CM_STORE));
  damaged[damaged.find(kText, damaged.find(kText) + 1) + 5] ^= 1;
  config_.skip_damaged = true;
  EXPECT_EQ(ids(put("a.zip", damaged)), (std::vector<std::string>{"a.zip/a.txt", "a.zip/c.txt"}));
  EXPECT_EQ(reading_.damaged_files, 1);
  EXPECT_EQ(reading_.warnings,
            std::vector<std::string>{"a.zip/b.txt: its data in the zip archive is damaged; fetch the archive again "
                                     "(skipped; nothing of it counts)"});
}

TEST_F(ArchivesTest, EncryptedFilesAndOtherMethodsAreNamed) {
  EXPECT_EQ(error_message([&] {
              read(make_zip({{"b/a.txt", kText}}, ZIP_CM_DEFLATE, true));
            }),
            "a.zip/b/a.txt: is encrypted; unpack the archive with its password, and name the folder instead");
  std::string other = read_file(make_zip({{"a.txt", kText}}));
  for (const auto& [magic, offset] : {std::pair{"PK\3\4", 8}, std::pair{"PK\1\2", 10}})
    other[other.find(magic) + static_cast<size_t>(offset)] = 12;
  EXPECT_EQ(
      error_message([&] { read(put("a.zip", other)); }),
      "a.zip/a.txt: is packed by method 12, expected stored (0) or deflated (8); unpack the archive, and name the "
      "folder instead");
}

TEST_F(ArchivesTest, AFileThatUnpacksToVeryMuchStreamsBy) {
  const std::string zeros(100'000'000, ' ');
  const std::string path = make_zip({{"a.txt", zeros}});
  EXPECT_LT(std::filesystem::file_size(path), 200'000U);
  size_t longest = 0;
  read_input_file({.path = path, .name = "a.zip"}, config_, {},
                  [&](RawDocument&& document) { longest = std::max(longest, document.body.size()); });
  EXPECT_LE(longest, 1'000'000U);
}

TEST_F(ArchivesTest, FilesOfATarAreReadPlainOrCompressed) {
  const std::string long_name = "긴/" + std::string(150, 'x') + ".txt";
  const std::string tar = tar_entry("d/", "", '5') + tar_entry("d/a.txt", kText) +
                          tar_entry("././@LongLink", long_name + '\0', 'L') + tar_entry("cut", kText) +
                          tar_entry("pax", "27 mtime=1700000000.123456\n19 path=한글.txt\n", 'x') +
                          tar_entry("y", "글") + tar_entry("link.txt", "", '2') + tar_entry("b.txt", "");
  const std::vector<std::string> names = {"d/a.txt", long_name, "한글.txt", "b.txt"};
  for (const auto& [name, bytes] :
       Members{{"a.tar", tar + kTarEnd}, {"a.tar.gz", test::gzip(tar + kTarEnd)}, {"a.tar.xz", test::xz(tar)}}) {
    const auto documents = read(put(name, bytes));
    ASSERT_EQ(documents.size(), names.size()) << name;
    for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(documents[i].id, name + "/" + names[i]);
    EXPECT_EQ(documents[0].body, kText);
    EXPECT_EQ(documents[1].body, kText);
    EXPECT_EQ(documents[2].body, "글");
  }
}

// A sparse file of two pieces as GNU tar writes it, its map in the header and in blocks behind that.
std::string gnu_sparse_entry(const std::string& name, const std::string& content, int num_map_blocks) {
  std::string header = tar_header(name, octal(content.size()), 'S');
  std::string blocks;
  for (int i = 0; i < num_map_blocks; ++i) {
    std::string block(512, '0');
    block[504] = static_cast<char>(i + 1 < num_map_blocks);
    blocks += block;
  }
  header[482] = static_cast<char>(num_map_blocks > 0);
  return with_checksum(header) + blocks + tar_entry(name, content).substr(512);
}

TEST_F(ArchivesTest, SparseFilesAreLeftOutWithAWarning) {
  const std::string map = "2\n0\n4096\n8192\n100\n" + std::string(490, '\0') + kText;
  const std::string tar =
      tar_entry("pax", "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n25 GNU.sparse.name=b.txt\n", 'x') +
      tar_entry("GNUSparseFile.1/b.txt", map) +
      tar_entry("pax", "24 GNU.sparse.size=8192\n26 GNU.sparse.numblocks=1\n", 'x') + tar_entry("c.txt", kText) +
      gnu_sparse_entry("d.txt", kText, 0) + gnu_sparse_entry("e.txt", kText, 1) + gnu_sparse_entry("f.txt", kText, 3) +
      gnu_sparse_entry("g.img", kText, 0) + tar_entry("a.txt", kText) + kTarEnd;
  EXPECT_EQ(ids(put("a.tar", tar)), std::vector<std::string>{"a.tar/a.txt"});
  EXPECT_EQ(reading_.warnings,
            (std::vector<std::string>{
                "a.tar: 1 files of other kinds left out; unpack it and name them to read them too",
                "a.tar: 5 sparse files left out, whose holes tar keeps apart; unpack it and name them to read them "
                "too"}));
  EXPECT_EQ(error_message([&] { read(put("b.tar", gnu_sparse_entry("f.txt", kText, 2).substr(0, 1024))); }),
            "b.tar: the tar archive ends within a file (an unfinished download?); fetch it again");
}

TEST_F(ArchivesTest, MembersWithoutANameAreSkipped) {
  EXPECT_EQ(ids(put("a.tar", tar_entry("", kText) + tar_entry("a.txt", kText) + kTarEnd)),
            std::vector<std::string>{"a.tar/a.txt"});
  EXPECT_EQ(reading_.warnings, std::vector<std::string>{});
}

TEST_F(ArchivesTest, SizesBeyondEightGigabytesAreReadAsPaxAndAsGnuWriteThem) {
  const std::string big(2000, 'x');
  const std::string tar = tar_entry("pax", "13 size=2000\n", 'x') + tar_entry_of_size(octal(0), "a.txt", big) +
                          tar_entry_of_size(base256(2000), "b.txt", big) + tar_entry("c.txt", kText) +
                          tar_entry("pax", "8 size=\n14 path=d.txt\n", 'x') + tar_entry("y", kText) + kTarEnd;
  const auto documents = read(put("a.tar", tar));
  ASSERT_EQ(documents.size(), 4U);
  EXPECT_EQ(documents[0].body, big);
  EXPECT_EQ(documents[1].body, big);
  EXPECT_EQ(documents[2].body, kText) << "a size holds for one file";
  EXPECT_EQ(documents[3].id, "a.tar/d.txt");
  EXPECT_EQ(documents[3].body, kText);
}

TEST_F(ArchivesTest, WhatStandsBetweenAPaxHeaderAndItsFileDoesNotTakeIts) {
  const std::string tar = tar_entry("g", "20 comment=a commit\n", 'g') +
                          tar_entry("././@LongLink", std::string("d/a.txt") + '\0', 'L') +
                          tar_entry("././@LongLink", std::string("target") + '\0', 'K') + tar_entry("x", kText);
  EXPECT_EQ(ids(put("a.tar", tar)), std::vector<std::string>{"a.tar/d/a.txt"});
}

TEST_F(ArchivesTest, ADamagedPaxHeaderIsNamed) {
  for (const char* records : {"13 size=20x0\n", "13 size=-200\n", "99 size=2000\n", "3 =\n", "13size=2000\n",
                              "29 size=99999999999999999999\n", "29 size=18446744073709551615\n"}) {
    const std::string tar = tar_entry("pax", records, 'x') + tar_entry("a.txt", kText) + kTarEnd;
    EXPECT_EQ(error_message([&] { read(put("a.tar", tar)); }), "a.tar: the tar archive is damaged; fetch it again")
        << records;
  }
  for (const char first : {'\xFF', '\x81'}) {
    std::string negative = base256(2000);
    negative[0] = first;
    const std::string tar = tar_entry("b.txt", kText) + tar_entry_of_size(negative, "a.txt", kText) + kTarEnd;
    EXPECT_EQ(error_message([&] { read(put("a.tar", tar)); }), "a.tar: the tar archive is damaged; fetch it again");
  }
}

TEST_F(ArchivesTest, AMembersBlocksAreUnpackedByAsManyThreadsAsThereAreToBe) {
  Random random(1);
  std::string text;
  while (text.size() < 4'000'000) text += std::to_string(random.below(1'000'000'000)) + "번\n";
  const std::string packed = test::bzip2(text);
  for (const std::string& path :
       {put("a.tar", tar_entry("a.txt.bz2", packed) + kTarEnd), make_zip({{"a.txt.bz2", packed}}, ZIP_CM_STORE)}) {
    std::map<size_t, int64_t> bytes_at_first;  // of the file, when its first document is there, by threads
    for (const size_t num_threads : {1, 16}) {
      std::atomic<int64_t> file_bytes = 0;
      const ReadHooks hooks{.check = {}, .file_bytes = &file_bytes, .num_threads = num_threads};
      read_input_file({.path = path, .name = "a"}, config_, hooks,
                      [&](RawDocument&&) { bytes_at_first.emplace(num_threads, file_bytes); });
    }
    EXPECT_LT(bytes_at_first[1] * 2, bytes_at_first[16]) << path << " of " << packed.size();
  }
}

TEST_F(ArchivesTest, ATruncatedOrDamagedTarIsNamed) {
  const std::string tar = tar_entry("a.txt", kText) + tar_entry("b.txt", kText) + kTarEnd;
  for (const size_t size : {size_t{600}, size_t{1024 + 100}, size_t{1024 + 600}}) {
    EXPECT_EQ(error_message([&] { read(put("a.tar", tar.substr(0, size))); }),
              "a.tar: the tar archive ends within a file (an unfinished download?); fetch it again");
  }
  std::string damaged = tar;
  damaged[1024] = 'x';
  EXPECT_EQ(error_message([&] { read(put("a.tar", damaged)); }), "a.tar: the tar archive is damaged; fetch it again");
}

}  // namespace
}  // namespace ktlm::corpus
