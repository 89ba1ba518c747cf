// ktlm chat in a real terminal: every command, editing Hangul, history, pasting, Ctrl-C, Ctrl-D, Ctrl-Z, saved
// dialogues.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "scripted_model.h"
#include "temporary_directory.h"
#include "terminal.h"

namespace ktlm {
namespace {

using test::Terminal;
using testing::HasSubstr;
using Lines = std::vector<std::string>;

constexpr const char* kAnswer = "반가워요, 오늘은 날씨가 참 좋네요.";

class ChatTerminal : public testing::Test {
 protected:
  void SetUp() override {
    if (!Terminal::available()) GTEST_SKIP() << "tmux is not installed";
  }

  static const std::filesystem::path& directory() {
    static const test::TemporaryDirectory directory;
    static const bool made = (test::make_scripted_model(directory.path(), {{kAnswer}}), true);
    static_cast<void>(made);
    return directory.path();
  }

  static std::string command(const std::string& options = "", const std::string& model = "model") {
    return "env XDG_STATE_HOME='" + state().string() + "' LC_ALL=C '" KTLM_BINARY "' chat -q --model " + model +
           " --threads 1 --temperature 0 " + options;
  }
  // Of each test its own.
  static std::filesystem::path state() {
    return directory() / (std::string("state-") + testing::UnitTest::GetInstance()->current_test_info()->name());
  }

  static std::filesystem::file_time_type newest_kept() {
    auto newest = std::filesystem::file_time_type::min();
    for (const auto& entry : std::filesystem::directory_iterator(state() / "ktlm" / "chats"))
      newest = std::max(newest, entry.last_write_time());
    return newest;
  }

  static size_t num_kept() {
    const auto folder = state() / "ktlm" / "chats";
    if (!std::filesystem::exists(folder)) return 0;
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
  }
};

TEST_F(ChatTerminal, BackspaceTakesAWholeSyllableAndInsertingPushesWideCharactersAside) {
  Terminal terminal(command(), directory(), {});
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.type("/system 한글을 쓴다");
  EXPECT_TRUE(terminal.ends_in({"> /system 한글을 쓴다"}));
  EXPECT_TRUE(terminal.has_cursor_at("21,0"));
  terminal.press({"BSpace", "BSpace"});
  EXPECT_TRUE(terminal.has_cursor_at("17,0"));
  terminal.type("썼다");
  terminal.press({"Left", "Left", "Left"});
  EXPECT_TRUE(terminal.has_cursor_at("16,0"));
  terminal.type("잘 ");
  EXPECT_TRUE(terminal.ends_in({"> /system 한글을잘  썼다"}));
  EXPECT_TRUE(terminal.has_cursor_at("19,0"));
  terminal.press({"C-e", "Enter"});
  EXPECT_TRUE(terminal.ends_in({"> /system 한글을잘  썼다", "system message: 한글을잘  썼다", ">"}));
}

TEST_F(ChatTerminal, HangulIsEditedUpToTheLastColumnAndOverIt) {
  // 21 columns: behind the prompt nine syllables take the first twenty, and the last column can't hold half of one.
  Terminal terminal(command(), directory(), {.columns = 21, .rows = 10});
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.type("가나다라마바사아자차카");
  EXPECT_TRUE(terminal.ends_in({"> 가나다라마바사아자", "차카"}));
  EXPECT_TRUE(terminal.has_cursor_at("4,1"));
  terminal.press({"BSpace", "BSpace", "BSpace"});
  EXPECT_TRUE(terminal.ends_in({"> 가나다라마바사아"}));
  EXPECT_TRUE(terminal.has_cursor_at("18,0"));
  terminal.type("x짜차카");  // the last column filled by one narrow character
  EXPECT_TRUE(terminal.ends_in({"> 가나다라마바사아x짜", "차카"}));
  terminal.press({"C-a", "Right", "Right"});
  terminal.type("하");
  EXPECT_TRUE(terminal.ends_in({"> 가나하다라마바사아x", "짜차카"}));
  EXPECT_TRUE(terminal.has_cursor_at("8,0"));
  terminal.press({"C-d", "C-d"});
  EXPECT_TRUE(terminal.ends_in({"> 가나하마바사아x짜차", "카"}));
  terminal.press({"C-k"});
  EXPECT_TRUE(terminal.ends_in({"> 가나하"}));
  terminal.press({"Enter"});
  EXPECT_TRUE(terminal.ends_in({"> 가나하", "반가워요, 오늘은", "날씨가 참 좋네요.", ">"}));
}

TEST_F(ChatTerminal, AnswersBreakBetweenWords) {
  Terminal terminal(command(), directory(), {.columns = 16, .rows = 10});
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.type_line("안녕?");
  EXPECT_TRUE(terminal.ends_in({"> 안녕?", "반가워요, 오늘은", "날씨가 참", "좋네요.", ">"}));
}

TEST_F(ChatTerminal, TheFirstWordsBreakBetweenWords) {
  Terminal terminal("'" KTLM_BINARY "' chat --no-history --model model --threads 1 --seed 123456789012345", directory(),
                    {});
  EXPECT_TRUE(terminal.shows("ktlm chat: model, .* parameters, on cpu in int8, seed"));
  EXPECT_TRUE(terminal.ends_in({"123456789012345; /help lists the commands", ">"}));
}

TEST_F(ChatTerminal, HistoryComesBackInTheNextRunAndCanBeSearched) {
  {
    Terminal terminal(command(), directory(), {});
    ASSERT_TRUE(terminal.ends_in({">"}));
    terminal.type_line("/system 존댓말로");
    EXPECT_TRUE(terminal.shows("system message: 존댓말로"));
    terminal.type_line("/hlep");
    EXPECT_TRUE(terminal.shows("ktlm chat: unknown command \"/hlep\"; did you mean \"/help\"\\?"));
    terminal.press({"Up", "Up"});
    EXPECT_TRUE(terminal.ends_in({"> /system 존댓말로"}));
    terminal.press({"Down"});
    EXPECT_TRUE(terminal.ends_in({"> /hlep"}));
    terminal.press({"C-u", "C-d"});
    EXPECT_TRUE(terminal.shows("left with 0"));
  }
  Terminal terminal(command(), directory(), {});
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.press({"Up"});
  EXPECT_TRUE(terminal.ends_in({"> /hlep"}));
  terminal.press({"C-u", "C-r"});
  terminal.type("존댓");
  EXPECT_TRUE(terminal.ends_in({"(search: 존댓) /system 존댓말로"}));
  terminal.type("x");
  EXPECT_TRUE(terminal.ends_in({"(not found: 존댓x) /system 존댓말로"}));
  terminal.press({"C-g"});
  EXPECT_TRUE(terminal.ends_in({">"}));
  terminal.press({"C-r"});
  terminal.type("말로");
  terminal.press({"Left"});  // any other key goes on in the line
  terminal.type("으");
  EXPECT_TRUE(terminal.ends_in({"> /system 존댓말으로"}));
  terminal.press({"C-r"});
  terminal.type("존댓");
  EXPECT_TRUE(terminal.ends_in({"(search: 존댓) /system 존댓말로"}));
  terminal.press({"Enter"});
  EXPECT_TRUE(terminal.ends_in({"> /system 존댓말로", "system message: 존댓말로", ">"}));
}

TEST_F(ChatTerminal, CtrlCStopsTheAnswerAndNotTheProgram) {
  std::filesystem::create_directory(directory() / "endless");
  test::make_scripted_model(directory() / "endless", {{"하나 둘 셋 넷", true}}, 100'000);
  Terminal terminal(command("--max-new-tokens 0", "endless/model"), directory(), {.columns = 90, .rows = 24});
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.type_line("세어 봐");
  EXPECT_TRUE(terminal.shows(".*셋 넷.*"));
  terminal.press({"C-c"});
  EXPECT_TRUE(terminal.ends_in({">"}));
  terminal.press({"C-l"});
  terminal.type_line("/stats");
  EXPECT_TRUE(terminal.shows("2 messages, 0 of them no longer in the context"));
  EXPECT_TRUE(terminal.shows("context: [0-9]+ of 100000 tokens, [0-9]+ left, 0 reused in the last turn"));
  terminal.type_line("/set max_new_tokens 5");
  terminal.type_line("더");
  EXPECT_TRUE(terminal.shows("\\(cut at max_new_tokens=5\\)"));
}

TEST_F(ChatTerminal, CtrlCGivesALineUpAndTwiceOnAnEmptyOneLeaves) {
  Terminal terminal(command(), directory(), {});
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.type("반쯤");
  EXPECT_TRUE(terminal.ends_in({"> 반쯤"}));
  terminal.press({"C-c"});
  EXPECT_TRUE(terminal.ends_in({"> 반쯤", ">"}));
  terminal.press({"C-c"});
  EXPECT_TRUE(terminal.ends_in({">", "(Ctrl-C again, Ctrl-D or /quit leaves)", ">"}));
  terminal.type_line("/system 말");  // takes the warning back
  EXPECT_TRUE(terminal.ends_in({"system message: 말", ">"}));
  terminal.press({"C-c"});
  EXPECT_TRUE(terminal.ends_in({">", "(Ctrl-C again, Ctrl-D or /quit leaves)", ">"}));
  terminal.press({"C-c"});
  EXPECT_TRUE(terminal.shows("left with 0"));
}

TEST_F(ChatTerminal, MessagesOfSeveralLinesAreTypedJoinedAndRecalled) {
  Terminal terminal(command(), directory(), {});
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.type_line("하나\\");
  EXPECT_TRUE(terminal.ends_in({"> 하나\\", "."}));
  terminal.type_line("둘");
  EXPECT_TRUE(terminal.ends_in({". 둘", kAnswer, ">"}));
  terminal.type_line("\"\"\"");
  terminal.type_line("/help");
  EXPECT_TRUE(terminal.ends_in({"> \"\"\"", ". /help", "."}));
  terminal.type_line("\"\"\"");
  EXPECT_TRUE(terminal.ends_in({". \"\"\"", kAnswer, ">"}));
  terminal.type("셋");
  terminal.press({"M-Enter"});
  terminal.type("넷");
  EXPECT_TRUE(terminal.ends_in({"> 셋", "넷"}));
  terminal.press({"Up", "Up"});  // former entries come whole
  EXPECT_TRUE(terminal.ends_in({"> 하나", "둘"}));
  terminal.press({"Enter"});
  EXPECT_TRUE(terminal.ends_in({"> 하나", "둘", kAnswer, ">"}));
  terminal.type_line("//etc는?");
  EXPECT_TRUE(terminal.ends_in({"> //etc는?", kAnswer, ">"}));
  terminal.type_line("/save several.json");
  EXPECT_TRUE(terminal.shows("8 messages written to several.json"));
  const Json messages = read_json_file((directory() / "several.json").string()).at("messages");
  EXPECT_EQ(messages[0].at("content"), "하나\n둘");
  EXPECT_EQ(messages[2].at("content"), "/help");
  EXPECT_EQ(messages[4].at("content"), "하나\n둘");
  EXPECT_EQ(messages[6].at("content"), "/etc는?");
}

TEST_F(ChatTerminal, PastedLinesAreOneMessage) {
  Terminal terminal(command(), directory(), {});
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.type("요약: ");
  terminal.paste("첫째 줄\n\t둘째 줄\n\n넷째 줄\n");
  EXPECT_TRUE(terminal.ends_in({"> 요약: 첫째 줄", "    둘째 줄", "", "넷째 줄"}));
  terminal.type("!");
  terminal.press({"Enter"});
  EXPECT_TRUE(terminal.ends_in({"넷째 줄!", kAnswer, ">"}));
  terminal.type_line("/save pasted.json");
  EXPECT_TRUE(terminal.shows("2 messages written to pasted.json"));
  EXPECT_EQ(read_json_file((directory() / "pasted.json").string()).at("messages")[0].at("content"),
            "요약: 첫째 줄\n    둘째 줄\n\n넷째 줄!");
}

TEST_F(ChatTerminal, TabCompletesCommandsSettingsAndFiles) {
  Terminal terminal(command(), directory(), {});
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.type("/sy");
  terminal.press({"Tab"});
  EXPECT_TRUE(terminal.ends_in({"> /system"}));
  EXPECT_TRUE(terminal.has_cursor_at("10,0"));
  terminal.press({"C-u"});
  terminal.type("/set temp");
  terminal.press({"Tab"});
  EXPECT_TRUE(terminal.ends_in({"> /set temperature"}));
  terminal.type("0.25");
  terminal.press({"Enter"});
  EXPECT_TRUE(terminal.ends_in({"temperature=0.25", ">"}));
  write_file_atomically(directory() / "대화 기록.json", R"({"messages":[{"role":"user","content":"안녕"}]})");
  terminal.type("/load 대화");
  terminal.press({"Tab", "Enter"});
  EXPECT_TRUE(terminal.ends_in({"> /load 대화 기록.json", "1 message read from 대화 기록.json", ">"}));
  terminal.type("/s");
  terminal.press({"Tab"});  // several: they are listed
  EXPECT_TRUE(terminal.shows("/stats"));
  EXPECT_TRUE(terminal.ends_in({"> /s"}));
}

TEST_F(ChatTerminal, ATerminalThatIsResizedShowsTheLineAnew) {
  Terminal terminal(command(), directory(), {.columns = 40, .rows = 10});
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.type("가나다라마바사아자차");
  EXPECT_TRUE(terminal.ends_in({"> 가나다라마바사아자차"}));
  ASSERT_TRUE(terminal.resize({.columns = 60, .rows = 10}));
  terminal.type("카타파하가나다라마바사아자차");
  EXPECT_TRUE(terminal.ends_in({"> 가나다라마바사아자차카타파하가나다라마바사아자차"}));
  EXPECT_TRUE(terminal.has_cursor_at("50,0"));
  terminal.press({"Enter"});
  EXPECT_TRUE(terminal.ends_in({kAnswer, ">"}));
  ASSERT_TRUE(terminal.resize({.columns = 16, .rows = 10}));
  terminal.press({"C-l"});
  EXPECT_TRUE(terminal.ends_in({">"}));
  terminal.type_line("안녕?");
  EXPECT_TRUE(terminal.ends_in({"> 안녕?", "반가워요, 오늘은", "날씨가 참", "좋네요.", ">"}));
}

TEST_F(ChatTerminal, CtrlZLeavesTheTerminalToTheShellAndTheLineGoesOnBehindFg) {
  Terminal terminal("env PS1='$ ' bash --norc -i", directory(), {});
  ASSERT_TRUE(terminal.ends_in({"$"}));
  terminal.type_line("clear; " + command());
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.type("가나");
  EXPECT_TRUE(terminal.ends_in({"> 가나"}));
  terminal.press({"C-z"});
  EXPECT_TRUE(terminal.ends_in({"$"}));
  terminal.type_line("echo stopped");
  EXPECT_TRUE(terminal.ends_in({"stopped", "$"}));
  terminal.type_line("fg");
  EXPECT_TRUE(terminal.ends_in({"> 가나"}));
  terminal.press({"BSpace"});
  terminal.type("다");
  terminal.press({"Enter"});
  EXPECT_TRUE(terminal.ends_in({"> 가다", kAnswer, ">"}));
}

TEST_F(ChatTerminal, DialoguesAreKeptAndResumed) {
  {
    Terminal terminal(command(), directory(), {});
    ASSERT_TRUE(terminal.ends_in({">"}));
    terminal.type_line("첫 대화");
    EXPECT_TRUE(terminal.ends_in({kAnswer, ">"}));
    terminal.type_line("/clear");
    EXPECT_TRUE(terminal.shows("the dialogue is forgotten"));
    terminal.type_line("둘째 대화");
    EXPECT_TRUE(terminal.ends_in({"> 둘째 대화", kAnswer, ">"}));
    terminal.type_line("이어서");
    EXPECT_TRUE(terminal.ends_in({"> 이어서", kAnswer, ">"}));
    terminal.press({"C-d"});
    EXPECT_TRUE(terminal.shows("left with 0"));
  }
  EXPECT_EQ(num_kept(), 2u);
  EXPECT_EQ(std::filesystem::status(state() / "ktlm").permissions(), std::filesystem::perms::owner_all);
  const std::string when = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}";
  {
    Terminal terminal(command("--resume"), directory(), {});
    EXPECT_TRUE(terminal.shows("going on with the dialogue of " + when + ", 4 messages"));
    EXPECT_TRUE(terminal.ends_in({"> 이어서", kAnswer, ">"}));
    terminal.type_line("/sessions");
    EXPECT_TRUE(terminal.shows("1  " + when + "  4 messages  둘째 대화  model"));
    EXPECT_TRUE(terminal.shows("2  " + when + "  2 messages  첫 대화  model"));
    terminal.type_line("/resume 2");
    EXPECT_TRUE(terminal.ends_in({"> 첫 대화", kAnswer, ">"}));
    terminal.type_line("또");
    EXPECT_TRUE(terminal.ends_in({"> 또", kAnswer, ">"}));
    const auto kept = newest_kept();
    terminal.type_line("/stats");  // changes nothing, so the time of the last turn stays
    EXPECT_TRUE(terminal.shows("4 messages, .*"));
    terminal.type_line("/resume 3");
    EXPECT_TRUE(terminal.shows("ktlm chat: /resume 3: expected a number from 1 to 2; .*"));
    terminal.type_line("/quit");
    EXPECT_TRUE(terminal.shows("left with 0"));
    EXPECT_EQ(newest_kept(), kept);
  }
  EXPECT_EQ(num_kept(), 2u);  // the resumed one went on in its file

  Terminal terminal(command("--no-history"), directory(), {});
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.press({"Up"});
  terminal.type_line("비밀");
  EXPECT_TRUE(terminal.ends_in({"> 비밀", kAnswer, ">"}));
  terminal.type_line("/sessions");
  EXPECT_TRUE(terminal.shows("no dialogue was kept yet"));
  EXPECT_EQ(num_kept(), 2u);
  EXPECT_THAT(read_file(state() / "ktlm" / "chat_history"), testing::Not(HasSubstr("비밀")));
}

TEST_F(ChatTerminal, ADialogueThatGoesOnWithAnotherModelSaysSo) {
  std::filesystem::create_directory(directory() / "other");
  test::make_scripted_model(directory() / "other", {{"네."}});
  const std::string when = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}";
  {
    Terminal terminal(command(), directory(), {});
    ASSERT_TRUE(terminal.ends_in({">"}));
    terminal.type_line("하나");
    EXPECT_TRUE(terminal.ends_in({"> 하나", kAnswer, ">"}));
  }
  {
    Terminal terminal(command("--resume", "other/model"), directory(), {});
    EXPECT_TRUE(terminal.ends_in({"it was held with model; going on with other/model", "> 하나", kAnswer, ">"}));
    terminal.type_line("둘");
    EXPECT_TRUE(terminal.ends_in({"> 둘", "네.", ">"}));
  }
  const auto kept = std::filesystem::directory_iterator(state() / "ktlm" / "chats")->path();
  const Json document = read_json_file(kept.string());
  EXPECT_EQ(document.at("model"), std::filesystem::canonical(directory() / "other/model").string());
  {
    Terminal terminal(command("--resume", "other/model"), directory(), {});
    EXPECT_TRUE(terminal.shows("going on with the dialogue of " + when + ", 4 messages"));
    EXPECT_TRUE(terminal.ends_in({"> 둘", "네.", ">"}));
    const auto lines = terminal.lines();
    EXPECT_TRUE(std::none_of(lines.begin(), lines.end(), [](auto& line) { return line.starts_with("it was held"); }));
  }

  // Files of earlier versions don't tell.
  write_file_atomically(kept, to_json_line({{"messages", document.at("messages")}}));
  Terminal terminal(command("--resume"), directory(), {});
  EXPECT_TRUE(terminal.shows("going on with the dialogue of " + when + ", 4 messages"));
  EXPECT_TRUE(terminal.ends_in({"> 둘", "네.", ">"}));
  terminal.type_line("/sessions");
  EXPECT_TRUE(terminal.shows("1  " + when + "  4 messages  하나"));
}

TEST_F(ChatTerminal, ADialogueThatIsTakenBackIsKeptNoLonger) {
  Terminal terminal(command("--system 짧게"), directory(), {});
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.type_line("하나");
  EXPECT_TRUE(terminal.ends_in({"> 하나", kAnswer, ">"}));
  EXPECT_EQ(num_kept(), 1u);
  terminal.type_line("/undo");
  EXPECT_TRUE(terminal.ends_in({"taken back; 1 message left", ">"}));
  EXPECT_EQ(num_kept(), 0u);
  terminal.type_line("둘");
  EXPECT_TRUE(terminal.ends_in({"> 둘", kAnswer, ">"}));
  EXPECT_EQ(num_kept(), 1u);
}

TEST_F(ChatTerminal, EveryCommandAnswers) {
  Terminal terminal(command("--system 짧게"), directory(), {.columns = 90, .rows = 40});
  ASSERT_TRUE(terminal.ends_in({">"}));
  terminal.type_line("/help");
  for (const char* name : {"help", "clear", "undo", "regen", "system", "set", "show", "stats", "save", "save!", "load",
                           "sessions", "resume", "quit"})
    EXPECT_TRUE(terminal.shows("/" + std::string(name) + " .*")) << name;
  terminal.press({"C-l"});
  terminal.type_line("안녕?");
  EXPECT_TRUE(terminal.ends_in({"> 안녕?", kAnswer, ">"}));
  terminal.type_line("/regen");
  EXPECT_TRUE(terminal.ends_in({"> /regen", kAnswer, ">"}));
  terminal.type_line("/show");
  EXPECT_TRUE(terminal.shows("model, .* parameters, on cpu in int8, seed [0-9]+"));
  EXPECT_TRUE(terminal.ends_in({"system: 짧게", "> 안녕?", kAnswer, ">"}));
  terminal.type_line("/set top_k=3");
  EXPECT_TRUE(terminal.ends_in({"top_k=3", ">"}));
  terminal.type_line("/save every.json");
  EXPECT_TRUE(terminal.ends_in({"3 messages written to every.json", ">"}));
  terminal.type_line("/sessions");
  EXPECT_TRUE(terminal.shows("1  .*  3 messages  안녕\\?  model"));
  terminal.type_line("/resume");
  EXPECT_TRUE(terminal.ends_in({"> 안녕?", kAnswer, ">"}));
  terminal.type_line("/undo");
  EXPECT_TRUE(terminal.ends_in({"taken back; 1 message left", ">"}));
  terminal.type_line("/save! every.json");
  EXPECT_TRUE(terminal.ends_in({"1 message written to every.json", ">"}));
  terminal.type_line("/load every.json");
  EXPECT_TRUE(terminal.ends_in({"1 message read from every.json", ">"}));
  terminal.type_line("/system");
  EXPECT_TRUE(terminal.ends_in({"no system message", ">"}));
  terminal.type_line("/clear");
  EXPECT_TRUE(terminal.ends_in({"the dialogue is forgotten", ">"}));
  terminal.type_line("/stats");
  EXPECT_TRUE(terminal.shows("0 messages, 0 of them no longer in the context"));
  terminal.type_line("/quit");
  EXPECT_TRUE(terminal.shows("left with 0"));
}

}  // namespace
}  // namespace ktlm
