// ktlm chat with lines from a pipe, through the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "scripted_model.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

using test::ProgramResult;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kAnswer = "반가워요, 오늘은 날씨가 참 좋네요.";

class ChatVerb : public testing::Test {
 protected:
  // One folder for all: what a test writes it names after itself.
  static const std::filesystem::path& directory() {
    static const test::TemporaryDirectory directory;
    static const bool made = (test::make_scripted_model(directory.path(), {{kAnswer}, {"그래요!"}}), true);
    static_cast<void>(made);
    return directory.path();
  }

  // The first answer of the two, always.
  static ProgramResult chat(const std::string& input, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {KTLM_BINARY, "chat", "-q", "--model", "model", "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return test::run_program(arguments, {.input = input, .directory = directory().string()});
  }

  static Json messages_in(const std::string& file) {
    return read_json_file((directory() / file).string()).at("messages");
  }
};

TEST_F(ChatVerb, AnswersEachLineOfAPipe) {
  const ProgramResult result = chat("안녕?\n\n   \n뭐 해?\r\n", {"--temperature", "0"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, std::string(kAnswer) + "\n" + kAnswer + "\n");
}

TEST_F(ChatVerb, RunsCommandsAndLeavesAtQuit) {
  const ProgramResult result = chat(
      "안녕?\n/set temperature=0.5\n/set top_k 7\n/set\n/set min_p\n/stats\n/save commands.json\n/clear\n"
      "/load commands.json\n/system 짧게\n/show\n/help\n/quit\n뒤\n",
      {"--temperature", "0", "--system", "길게"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, std::string(kAnswer) + "\n");
  EXPECT_THAT(
      result.err,
      StartsWith("temperature=0.5\ntop_k=7\ntemperature=0.5\ntop_n_sigma=0\ntop_k=7\ntypical_p=1\ntop_p=0.95\n"));
  EXPECT_THAT(result.err, HasSubstr("\nmin_p=0.05\n3 messages, 0 of them no longer in the context\n"));
  EXPECT_THAT(result.err, HasSubstr(" of 256 tokens, "));
  EXPECT_THAT(result.err, HasSubstr(" left, 0 reused in the last turn\nlast turn: prefill "));
  EXPECT_THAT(result.err, HasSubstr("3 messages written to commands.json\nthe dialogue is forgotten\n"));
  EXPECT_THAT(result.err, HasSubstr("3 messages read from commands.json\nsystem message: 짧게\n"));
  EXPECT_THAT(result.err, HasSubstr(std::string("\nsystem: 짧게\n> 안녕?\n") + kAnswer + "\n"));
  EXPECT_THAT(result.err, HasSubstr("\n/regen "));
  EXPECT_EQ(messages_in("commands.json")[0], Json({{"role", "system"}, {"content", "길게"}}));
}

TEST_F(ChatVerb, RegenGivesAnotherAnswerAndUndoTakesTheTurnBack) {
  std::string regen;
  for (int i = 0; i < 20; ++i) regen += "/regen\n";
  const ProgramResult result = chat("안녕?\n" + regen + "/save regen.json\n/undo\n/undo\n", {"--seed", "1"});
  EXPECT_THAT(result.out, HasSubstr(kAnswer));
  EXPECT_THAT(result.out, HasSubstr("그래요!\n"));
  EXPECT_EQ(messages_in("regen.json").size(), 2u);
  EXPECT_THAT(result.err, EndsWith("2 messages written to regen.json\ntaken back; 0 messages left\n"
                                   "ktlm chat: there is no question to take back\n"));
}

TEST_F(ChatVerb, ResumeGoesOnWithASavedDialogueAndItsFile) {
  EXPECT_EQ(chat("안녕?\n/save resumed.json\n", {"--system", "짧게"}).exit_code, 0);
  const ProgramResult result = chat("뭐 해?\n/save\n", {"--resume", "resumed.json"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "3 messages read from resumed.json\n5 messages written to resumed.json\n");
  const Json messages = messages_in("resumed.json");
  EXPECT_EQ(messages[0].at("content"), "짧게");
  EXPECT_EQ(messages[3].at("content"), "뭐 해?");

  const ProgramResult missing = chat("안녕?\n", {"--resume", "nowhere.json"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(missing.err, "ktlm chat: nowhere.json: can't be read: No such file or directory (errno 2)\n");
  EXPECT_EQ(missing.out, "");
}

// A dialogue from elsewhere may hold what repaints a terminal, or types into it.
TEST_F(ChatVerb, ADialogueThatIsLoadedSteersNoTerminal) {
  const std::string file = (directory() / "strange.json").string();
  write_file_atomically(file, R"({"messages":[{"role":"user","content":"\u001b]0;제목\u0007질문\r\n둘\t셋"},)"
                              R"({"role":"assistant","content":"\u009b31m답"}]})");
  const ProgramResult result = chat("/show\n", {"--resume", "strange.json"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, EndsWith("\n> \uFFFD]0;제목\uFFFD질문\uFFFD\n둘\t셋\n\uFFFD31m답\n"));

  write_file_atomically(file, R"({"messages":[{"role":"\u001b[2J","content":""}]})");
  EXPECT_EQ(chat("/load strange.json\n").err,
            "ktlm chat: strange.json: message 1: role \"\uFFFD[2J\"; expected \"user\" or \"assistant\" (or "
            "\"system\", as the first)\n");
  EXPECT_THAT(chat("", {"--resume", "strange.json"}).err, HasSubstr(": role \"\uFFFD[2J\"; expected "));
}

TEST_F(ChatVerb, APathMayBeginWithTheHomeFolder) {
  const ProgramResult result = test::run_program({KTLM_BINARY, "chat", "-q", "--model", "model", "--threads", "1"},
                                                 {.input = "안녕?\n/save ~/home.json\n/load ~/home.json\n",
                                                  .environment = {{"HOME", directory().string()}},
                                                  .directory = directory().string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(messages_in("home.json").size(), 2u);
}

TEST_F(ChatVerb, QuotedLinesAndJoinedLinesAreOneMessage) {
  const ProgramResult result = chat("\"\"\"\n/help\n둘\n\"\"\"\n셋\\\n넷\n//다섯\n/save lines.json\n끝\\");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const Json messages = messages_in("lines.json");
  ASSERT_EQ(messages.size(), 6u);
  EXPECT_EQ(messages[0].at("content"), "/help\n둘");
  EXPECT_EQ(messages[2].at("content"), "셋\n넷");
  EXPECT_EQ(messages[4].at("content"), "/다섯");

  const ProgramResult open = chat("\"\"\"끝이 없다\n");
  EXPECT_EQ(open.exit_code, 1);
  EXPECT_EQ(open.err,
            "ktlm chat: the input ended in a block that \"\"\" began; close it with \"\"\" at the end of a line\n");
}

TEST_F(ChatVerb, AFaultInAPipeIsOneLine) {
  const auto fault = [](const std::string& line) {
    const ProgramResult result = chat(line + "\n");
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  EXPECT_EQ(fault("/hlep"), "ktlm chat: unknown command \"/hlep\"; did you mean \"/help\"?\n");
  EXPECT_EQ(fault("/tanz"),
            "ktlm chat: unknown command \"/tanz\"; /help lists all, and a question that begins with / takes two: "
            "//tanz\n");
  EXPECT_EQ(fault("/set temprature=1"),
            "ktlm chat: /set: unknown setting \"temprature\"; did you mean \"temperature\"?\n");
  EXPECT_EQ(fault("/set top_k -3"), "ktlm chat: /set: \"top_k\" should be an integer, at least 0, is \"-3\"\n");
  EXPECT_EQ(fault("/regen"), "ktlm chat: there is no answer to give again\n");
  EXPECT_EQ(fault("/save"), "ktlm chat: /save needs a file\n");
  EXPECT_EQ(fault("/save empty.json"), "ktlm chat: there is nothing to save yet\n");
  EXPECT_THAT(fault("/load nowhere.json"), StartsWith("ktlm chat: nowhere.json: "));
  EXPECT_EQ(
      fault("서울\xB0\xA1"),
      "ktlm chat: standard input:1: is no UTF-8; ktlm prepare finds the encoding and converts it, or, where it is "
      "CP949: iconv -f cp949 -t utf-8\n");
  EXPECT_FALSE(std::filesystem::exists(directory() / "empty.json"));
}

TEST_F(ChatVerb, ADialogueFromAPipeGoesOnAfterAFault) {
  std::string long_question;
  for (int i = 0; i < 300; ++i) long_question += "뷁";
  const ProgramResult result = chat("/hlep\n" + long_question + "\n\xFF\n안녕?\n/save after_faults.json\n");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, StartsWith("ktlm chat: unknown command \"/hlep\"; did you mean \"/help\"?\nktlm chat: "));
  EXPECT_THAT(result.err, HasSubstr("ktlm chat: standard input:3: is no UTF-8"));
  EXPECT_THAT(result.err, EndsWith("2 messages written to after_faults.json\n"));
  EXPECT_EQ(messages_in("after_faults.json")[0].at("content"), "안녕?");
}

TEST_F(ChatVerb, ALineThatIsNoUtf8WithinAMessageEndsTheDialogue) {
  const ProgramResult result = chat("\"\"\"가\n\xB0\xA1\n/quit\n\"\"\"\n안녕?\n");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, StartsWith("ktlm chat: standard input:2: is no UTF-8; "));
}

TEST_F(ChatVerb, ASystemMessageThatIsNoUtf8IsAUsageError) {
  const ProgramResult result = chat("안녕?\n", {"--system", "\xB0\xA1"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "ktlm chat: --system: is no UTF-8; convert the text first\n");
}

TEST_F(ChatVerb, SaveLeavesOtherFilesAlone) {
  write_file_atomically(directory() / "thesis.txt", "논문");
  const ProgramResult result = chat(
      "안녕?\n/save thesis.txt\n/save talk.json\n뭐 해?\n/save talk.json\n/clear\n하나\n/save talk.json\n"
      "/save! talk.json\n둘\n/save\n/save nowhere/talk.json\n/save! model\n");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err,
            "ktlm chat: thesis.txt: is there already; choose another name, or /save! thesis.txt to replace it\n"
            "2 messages written to talk.json\n4 messages written to talk.json\nthe dialogue is forgotten\n"
            "ktlm chat: talk.json: is there already; choose another name, or /save! talk.json to replace it\n"
            "2 messages written to talk.json\n4 messages written to talk.json\n"
            "ktlm chat: nowhere/talk.json: there is no folder nowhere; make it first, or save elsewhere\n"
            "ktlm chat: model: is a folder; name a file in it\n");
  EXPECT_EQ(read_file(directory() / "thesis.txt"), "논문");
  EXPECT_EQ(messages_in("talk.json")[0].at("content"), "하나");
  EXPECT_FALSE(std::filesystem::exists(directory() / "nowhere"));
}

}  // namespace
}  // namespace ktlm
