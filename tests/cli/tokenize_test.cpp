// ktlm tokenize as a shell uses it: a filter, with files as arguments, in pipes that end early.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/resource.h>
#include <sys/syscall.h>
#endif

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "run_program.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

using test::ProgramResult;
using test::run_program;

const std::string kTokenizer = KTLM_TEST_DATA_DIR "/tokenizer/trained";

ProgramResult tokenize(std::vector<std::string> arguments, const std::string& input = "") {
  arguments.insert(arguments.begin(), {KTLM_BINARY, "tokenize", "--model", kTokenizer});
  return run_program(arguments, {.input = input});
}

std::string ids_of(const std::string& text) {
  static const tokenizer::Tokenizer tokenizer = tokenizer::Tokenizer::load(kTokenizer);
  std::string ids;
  for (const tokenizer::TokenId id : tokenizer.encode(text)) ids += (ids.empty() ? "" : " ") + std::to_string(id);
  return ids;
}

TEST(Tokenize, TextGoesToIdsOrPiecesAndBack) {
  const std::string text = "할머니가 만든 김치는\n\n맵고 시원하다.\n";
  const ProgramResult ids = tokenize({}, text);
  EXPECT_EQ(ids.exit_code, 0);
  EXPECT_EQ(ids.err, "");
  EXPECT_EQ(ids.out, ids_of("할머니가 만든 김치는") + "\n\n" + ids_of("맵고 시원하다.") + "\n");
  EXPECT_EQ(tokenize({"--decode"}, ids.out).out, text);
  const ProgramResult pieces = tokenize({"--pieces"}, text);
  EXPECT_THAT(pieces.out, testing::HasSubstr("\t▁"));
  EXPECT_EQ(tokenize({"--pieces", "--decode"}, pieces.out).out, text);
}

TEST(Tokenize, TakesTheTokenizerThatARunKeeps) {
  const test::TemporaryDirectory run;
  std::filesystem::copy(kTokenizer, run / "tokenizer");
  const ProgramResult result =
      run_program({KTLM_BINARY, "tokenize", "--model", run.path().string()}, {.input = "김치\n"});
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, ids_of("김치") + "\n");
}

TEST(Tokenize, WarnsOfStrayBytesAndRefusesOtherEncodings) {
  const ProgramResult stray = tokenize({}, "할머니가 만든 김치는\xFF 맵다\n");
  EXPECT_EQ(stray.exit_code, 0);
  EXPECT_EQ(stray.err, "ktlm tokenize: malformed UTF-8 in 1 line was replaced by U+FFFD\n");
  const ProgramResult cp949 = tokenize({}, "\xBE\xC8\xB3\xE7\xC7\xCF\xBC\xBC\xBF\xE4\n");
  EXPECT_EQ(cp949.exit_code, 1);
  EXPECT_EQ(cp949.out, "");
  EXPECT_THAT(cp949.err, testing::StartsWith("ktlm tokenize: standard input:1: is no UTF-8 (as is"));
}

TEST(Tokenize, AWholeFileComesBackToTheByte) {
  const std::string text = "첫 줄\n\n셋째 줄, 끝에 줄 바꿈이 없다";
  const std::string ids = tokenize({"--whole"}, text).out;
  EXPECT_EQ(ids, ids_of(text) + "\n");
  EXPECT_EQ(tokenize({"--whole", "--decode"}, ids).out, text);
}

TEST(Tokenize, FilesAreReadOneAfterTheOther) {
  test::TemporaryDirectory folder;
  write_file_atomically(folder / "a.txt", "가을");
  write_file_atomically(folder / "b.txt", "겨울\n");
  const std::string a = (folder / "a.txt").string(), b = (folder / "b.txt").string();
  const std::string ids = ids_of("가을") + "\n" + ids_of("겨울") + "\n";
  EXPECT_EQ(tokenize({a, b}).out, ids);
  EXPECT_EQ(tokenize({a, "-"}, "겨울").out, ids);
  const ProgramResult missing = tokenize({a, (folder / "c.txt").string()});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(missing.err,
            "ktlm tokenize: " + (folder / "c.txt").string() + ": can't be read: No such file or directory (errno 2)\n");
}

TEST(Tokenize, CountsPerFileAndInAll) {
  test::TemporaryDirectory folder;
  write_file_atomically(folder / "a.txt", "가을\n겨울\n");
  const std::string a = (folder / "a.txt").string();
  const std::string ids = ids_of("가을") + " " + ids_of("겨울");
  const auto tokens = std::ranges::count(ids, ' ') + 1;
  const Json counts = parse_json(tokenize({"--count", "--json", a, "-"}, "뷁").out, "--count --json");
  EXPECT_EQ(counts.at("tokens"), tokens + 3);
  EXPECT_EQ(counts.at("bytes"), 14 + 3);
  EXPECT_EQ(counts.at("characters"), 6 + 1);
  EXPECT_EQ(counts.at("lines"), 3);
  EXPECT_DOUBLE_EQ(counts.at("bytes_per_token").get<double>(), 17.0 / static_cast<double>(tokens + 3));
  EXPECT_GT(counts.at("seconds").get<double>(), 0);
  EXPECT_EQ(counts.at("files").at(0).at("name"), a);
  EXPECT_EQ(counts.at("files").at(0).at("tokens"), tokens);
  EXPECT_EQ(counts.at("files").at(1).at("lines"), 1);
  EXPECT_EQ(tokenize({"--count"}, "뷁").out,
            "      tokens        bytes   characters      lines  bytes/token  file\n"
            "           3            3            1          1         1.00  -\n");
}

TEST(Tokenize, TheNumberOfThreadsChangesNothing) {
  std::string text, expected;
  for (int i = 0; i < 40'000; ++i) {  // several blocks
    const std::string line = std::to_string(i) + "번째 할머니";
    text += line + "\n";
    expected += ids_of(line) + "\n";
  }
  for (const char* threads : {"0", "1", "5"}) EXPECT_EQ(tokenize({"--threads", threads}, text).out == expected, true);
}

TEST(Tokenize, AnIdThatIsNoneIsNamedWithItsLine) {
  const ProgramResult result = tokenize({"--decode"}, "1 2\n3 drei\n");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "ktlm tokenize: standard input:2: \"drei\" is no token id of " + kTokenizer +
                            " (700 pieces); --decode reads ids with spaces between them\n");
}

TEST(Tokenize, AnswersALineBeforeTheInputEnds) {
  test::RunningProgram program({KTLM_BINARY, "tokenize", "--model", kTokenizer, "--pieces"},
                               {.input = "뷁\n", .keep_input_open = true});
  EXPECT_TRUE(program.wait_for("<0xEB>\t<0xB7>\t<0x81>\n"));
  program.send_input("뷁\n");
  EXPECT_EQ(program.wait().out, "<0xEB>\t<0xB7>\t<0x81>\n<0xEB>\t<0xB7>\t<0x81>\n");
}

TEST(Tokenize, AWrongLineEndsItThoughTheInputStaysOpen) {
  test::RunningProgram program({KTLM_BINARY, "tokenize", "--model", kTokenizer, "--decode"},
                               {.input = "x\n", .keep_input_open = true});
  EXPECT_TRUE(program.wait_for("is no token id"));
}

TEST(Tokenize, ASignalEndsItThoughTheInputStaysOpen) {
  test::RunningProgram program({KTLM_BINARY, "tokenize", "--model", kTokenizer, "--pieces"},
                               {.input = "뷁\n", .keep_input_open = true});
  ASSERT_TRUE(program.wait_for("<0x81>"));
  program.send_signal(SIGTERM);
  while (program.wait_for("nothing more, until it ends")) {
  }
  EXPECT_EQ(program.wait().exit_code, 143);
}

#ifdef __linux__
// The kernel may hand a signal to any thread: the one that reads, which its wait's end must not leave in a read that
// nothing ends, or another, which the reader doesn't notice.
TEST(Tokenize, ASignalEndsItWhicheverThreadItReaches) {
  const auto threads_of = [](pid_t pid) {
    std::vector<pid_t> threads;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task"))
      threads.push_back(static_cast<pid_t>(std::stol(entry.path().filename().string())));
    std::ranges::sort(threads);
    return threads;
  };
  constexpr size_t kThreads = 2 + 2;  // main, reader, workers
  for (const int signal_number : {SIGINT, SIGTERM}) {
    for (size_t i = 0; i < kThreads; ++i) {
      test::RunningProgram program({KTLM_BINARY, "tokenize", "--model", kTokenizer, "--pieces", "--threads", "2"},
                                   {.input = "뷁\n", .keep_input_open = true, .timeout_seconds = 20});
      ASSERT_TRUE(program.wait_for("<0x81>"));
      const std::vector<pid_t> threads = threads_of(program.pid());
      ASSERT_EQ(threads.size(), kThreads);
      ASSERT_EQ(::syscall(SYS_tgkill, program.pid(), threads[i], signal_number), 0);
      while (program.wait_for("nothing more, until it ends")) {
      }
      const ProgramResult result = program.wait();
      EXPECT_EQ(result.exit_code, 128 + signal_number) << "thread " << i;
      EXPECT_EQ(result.err, "") << "thread " << i;
    }
  }
}

TEST(Tokenize, AWaitThatCanNotGoOnIsAnError) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a sanitized program needs descriptors of its own";
#endif
  test::RunningProgram program({KTLM_BINARY, "tokenize", "--model", kTokenizer},
                               {.input = "김치는 맵다.\n", .keep_input_open = true, .timeout_seconds = 30});
  ASSERT_TRUE(program.wait_for(ids_of("김치는 맵다.")));
  const rlimit none{0, 0};  // poll() takes no more descriptors than a process may have
  ASSERT_EQ(::prlimit(program.pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  EXPECT_TRUE(program.wait_for("standard input: can't be read: "));
  EXPECT_EQ(program.wait().exit_code, 1);
}
#endif

TEST(Tokenize, ASignalEndsTheWaitForANamedPipesWriter) {
  test::TemporaryDirectory folder;
  const std::string pipe = (folder / "pipe").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  test::RunningProgram program({KTLM_BINARY, "tokenize", "--model", kTokenizer, pipe}, {.timeout_seconds = 20});
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // nothing shows that it waits
  program.send_signal(SIGINT);
  const ProgramResult result = program.wait();
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_EQ(result.err, "");
}

TEST(Tokenize, APipeThatClosesEndsItQuietly) {
  const ProgramResult result =
      run_program({"/bin/sh", "-c", "yes 할머니가 | { \"$0\" tokenize --model \"$1\"; echo $? >&2; } | head -n 1",
                   KTLM_BINARY, kTokenizer});
  EXPECT_THAT(result.out, testing::MatchesRegex("[0-9 ]+\n"));
  EXPECT_EQ(result.err, "141\n");  // SIGPIPE, as of any filter
}

TEST(Tokenize, AFullDiskIsSaid) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  const ProgramResult result =
      run_program({"/bin/sh", "-c", "echo 가 | \"$0\" tokenize --model \"$1\" > /dev/full", KTLM_BINARY, kTokenizer});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "ktlm tokenize: standard output: can't be written: No space left on device (errno 28)\n");
}

}  // namespace
}  // namespace ktlm
