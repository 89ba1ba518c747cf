#include "byte_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "compress.h"
#include "corpus_fixtures.h"
#include "error_message.h"
#include "ktlm/core/random.h"
#include "temporary_directory.h"

namespace ktlm::corpus {
namespace {

using test::error_message;

// Half of it compresses, half does not, and it is larger than any buffer on the way.
std::string mixed_content() {
  Random random(1);
  std::string content;
  while (content.size() < 1'000'000) {
    content += "되풀이되는 글월이다.\n";
    for (int i = 0; i < 30; ++i) content += static_cast<char>(random.below(256));
  }
  return content;
}

class ByteSourceTest : public testing::Test {
 protected:
  std::string put(const std::string& name, const std::string& content) {
    return test::write_text(folder_ / name, content);
  }

  static std::string read_back(const std::string& path, size_t step = 65536) {
    const auto source = open_byte_source(path);
    std::string content, buffer(step, '\0');
    while (const size_t count = source->read(buffer.data(), buffer.size())) content.append(buffer, 0, count);
    return content;
  }

  test::TemporaryDirectory folder_;
};

TEST_F(ByteSourceTest, EveryCompressionReadsBackInLargeAndSmallSteps) {
  const std::string content = mixed_content();
  for (const auto& [name, bytes] : std::vector<std::pair<std::string, std::string>>{{"a", content},
                                                                                    {"a.bz2", test::bzip2(content)},
                                                                                    {"a.gz", test::gzip(content)},
                                                                                    {"a.xz", test::xz(content)},
                                                                                    {"a.zst", test::zstd(content)}}) {
    const std::string path = put(name, bytes);
    EXPECT_TRUE(read_back(path) == content) << name;
    EXPECT_TRUE(read_back(path, 1000) == content) << name;
    EXPECT_TRUE(read_back(path, 7).substr(0, 5000) == content.substr(0, 5000)) << name;
    EXPECT_TRUE(read_back(path, content.size()) == content) << name;
  }
}

TEST_F(ByteSourceTest, SeveralStreamsInARowReadAsOne) {
  EXPECT_EQ(read_back(put("a.bz2", test::bzip2("하나,") + test::bzip2("") + test::bzip2("둘"))), "하나,둘");
  EXPECT_EQ(read_back(put("a.gz", test::gzip("하나,") + test::gzip("") + test::gzip("둘"))), "하나,둘");
  EXPECT_EQ(read_back(put("a.xz", test::xz("하나,") + test::xz("") + test::xz("둘"))), "하나,둘");
  const std::string padding(8, '\0');  // between streams and at the end, in fours
  EXPECT_EQ(read_back(put("a.xz", test::xz("하나,") + padding + test::xz("둘") + padding)), "하나,둘");
  EXPECT_EQ(read_back(put("a.zst", test::zstd("하나,") + test::zstd("") + test::zstd("둘"))), "하나,둘");
}

TEST_F(ByteSourceTest, CompressionIsToldByContentNotByName) {
  EXPECT_EQ(read_back(put("dump.xml", test::bzip2("내용"))), "내용");
  EXPECT_EQ(read_back(put("BZh91 is how bzip2 begins", "BZh91 is how bzip2 begins")), "BZh91 is how bzip2 begins");
}

TEST_F(ByteSourceTest, ZstdWindowsAreAsLongAsTheFileAsks) {
  for (const int window_log : {27, 31}) EXPECT_EQ(read_back(put("a.zst", test::zstd("내용", window_log))), "내용");
}

TEST_F(ByteSourceTest, AnEmptyFileIsEmpty) {
  EXPECT_EQ(read_back(put("a.txt", "")), "");
  EXPECT_EQ(read_back(put("a.bz2", test::bzip2(""))), "");
  EXPECT_EQ(read_back(put("a.xz", test::xz(""))), "");
}

TEST_F(ByteSourceTest, TruncationIsAnErrorWhereverItFalls) {
  const std::string content(3000, 'x');
  for (const auto& [extension, bytes, kind] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"bz2", test::bzip2(content) + test::bzip2(content), "bzip2"},
           {"gz", test::gzip(content), "gzip"},
           {"xz", test::xz(content), "xz"},
           {"zst", test::zstd(content), "zstd"}}) {
    for (size_t size = 17; size < bytes.size(); ++size) {
      if (kind == "bzip2" && size == bytes.size() / 2) continue;  // a whole stream
      const std::string path = put("a." + extension, bytes.substr(0, size));
      EXPECT_EQ(error_message([&] { read_back(path); }), path + ": ends in the middle of its " + kind + " data after " +
                                                             std::to_string(size) +
                                                             " B (an unfinished download?); fetch the file again");
    }
  }
}

TEST_F(ByteSourceTest, CorruptionIsAnError) {
  const std::string content = mixed_content().substr(0, 50'000);
  for (const auto& [extension, bytes, kind] :
       std::vector<std::tuple<std::string, std::string, std::string>>{{"bz2", test::bzip2(content), "bzip2"},
                                                                      {"gz", test::gzip(content), "gzip"},
                                                                      {"xz", test::xz(content), "xz"},
                                                                      {"zst", test::zstd(content), "zstd"}}) {
    std::string damaged = bytes;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
    const std::string path = put("a." + extension, damaged);
    const std::string message = error_message([&] { read_back(path); });
    EXPECT_EQ(message.substr(0, path.size() + 30),
              (path + ": its " + kind + " data is corrupt within").substr(0, path.size() + 30));
  }
  const std::string path = put("a.bz2", test::bzip2("x") + "trailing garbage");
  EXPECT_NE(error_message([&] { read_back(path); }).find("is corrupt"), std::string::npos);
}

TEST_F(ByteSourceTest, AnErrorPageUnderAnArchivesNameIsRecognised) {
  const std::string page = put("dump.xml.bz2", "<html><body>404 Not Found</body></html>");
  EXPECT_EQ(error_message([&] { open_byte_source(page); }),
            page + ": named .bz2, but holds markup; fetch the file again or rename it");
  const std::string empty = put("a.jsonl.gz", "");
  EXPECT_EQ(error_message([&] { open_byte_source(empty); }),
            empty + ": named .gz, but is empty; fetch the file again or rename it");
}

TEST_F(ByteSourceTest, FilesThatCantBeReadAreNamed) {
  const std::string missing = (folder_ / "missing.txt").string();
  EXPECT_EQ(error_message([&] { open_byte_source(missing); }),
            missing + ": can't be read: No such file or directory (errno 2)");
  EXPECT_EQ(error_message([&] { open_byte_source(folder_.path().string()); }),
            folder_.path().string() + ": can't be read: Is a directory (errno 21)");
  if (::geteuid() == 0) GTEST_SKIP() << "root reads files without permission";
  const std::string secret = put("secret.txt", "x");
  std::filesystem::permissions(secret, std::filesystem::perms::none);
  EXPECT_EQ(error_message([&] { open_byte_source(secret); }), secret + ": can't be read: Permission denied (errno 13)");
}

TEST_F(ByteSourceTest, PeekingTakesNothing) {
  const auto source = open_byte_source(put("a.bz2", test::bzip2("0123456789")));
  EXPECT_EQ(source->peek(3), "012");
  EXPECT_EQ(source->peek(5), "01234");
  char buffer[4];
  EXPECT_EQ(source->read(buffer, 4), 4U);
  EXPECT_EQ(std::string(buffer, 4), "0123");
  EXPECT_EQ(source->peek(100), "456789");
  EXPECT_EQ(read_all(*source, 100, "a"), "456789");
}

TEST_F(ByteSourceTest, ReadingAllStopsAtTheLimit) {
  test::MemorySource source(std::string(3'000'000, 'x'));
  EXPECT_EQ(error_message([&] { read_all(source, 1'000'000, "page.html"); }),
            "page.html: larger than 1.0 MB, too much for one document; split it");
}

TEST_F(ByteSourceTest, CheckEndsTheWork) {
  struct Stopped {};
  std::atomic<int64_t> file_bytes{0};
  const std::string path = put("a.txt", "0123456789");
  EXPECT_THROW(open_byte_source(path, {[] { throw Stopped{}; }, nullptr}), Stopped);
  open_byte_source(path, {[] {}, &file_bytes});
  EXPECT_EQ(file_bytes, 10);
}

}  // namespace
}  // namespace ktlm::corpus
