#include "ktlm/generate/chat_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "error_message.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/generate/generator.h"
#include "ktlm/generate/inference_models.h"
#include "ktlm/tokenizer/chat_template.h"
#include "tiny_model.h"

namespace ktlm::generate {
namespace {

using corpus::ChatMessage;
using test::error_message;
using test::greedy;
using test::TinyModel;
using test::wild;

ChatSession tiny_session() { return {InferenceModels(TinyModel::get().model), TinyModel::get().tokenizer}; }

std::vector<std::string> roles(const ChatSession& session) {
  std::vector<std::string> result;
  for (const ChatMessage& message : session.messages()) result.push_back(message.role);
  return result;
}

// What the model answers to these messages, with nothing but the chat template and the decode loop.
std::string answer_from_scratch(const model::LanguageModel& model, const std::vector<ChatMessage>& messages,
                                int64_t max_new_tokens) {
  const tokenizer::Tokenizer& tokenizer = TinyModel::get().tokenizer;
  const auto ids = tokenizer::encode_chat(tokenizer, messages, true);
  const auto context = InferenceModels(model).make_context(1, model.config().max_seq_len);
  NextLogits logits = context->prefill({&ids, 1});
  Random random(0);
  const GenerationOptions options{greedy(max_new_tokens)};
  const DecodeRow row{ids, &options, &random};
  GenerationStats stats;
  return decode(*context, tokenizer, {&row, 1}, logits, nullptr, stats).front().text;
}

TEST(ChatSession, EveryAnswerEqualsOneFromScratch) {
  ChatSession session = tiny_session();
  session.set_system("고양이처럼");
  for (const std::string text : {"안녕?", "봄", "왜"}) {
    std::vector<ChatMessage> messages = session.messages();
    messages.push_back({"user", text});
    EXPECT_EQ(session.ask(text, greedy(10)).text, answer_from_scratch(TinyModel::get().model, messages, 10));
  }
  EXPECT_EQ(session.stats().dropped_messages, 0);
}

TEST(ChatSession, OnlyNewTokensGoThroughTheModel) {
  const TinyModel& tiny = TinyModel::get();
  ChatSession session = tiny_session();
  session.ask("안녕?", greedy(6));
  EXPECT_EQ(session.stats().reused_tokens, 0);
  const auto first = tokenizer::encode_chat(tiny.tokenizer, {{{"user", "안녕?"}}}, true);
  session.ask("봄", greedy(6));
  EXPECT_GE(session.stats().reused_tokens, static_cast<int64_t>(first.size()));
  const auto& messages = session.messages();
  const auto second = tokenizer::encode_chat(tiny.tokenizer, std::span(messages).first(3), true);
  EXPECT_EQ(session.stats().reused_tokens + session.stats().last.prefill_tokens, static_cast<int64_t>(second.size()));
}

TEST(ChatSession, FullContextDropsTheOldestTurnsAndKeepsTheSystemMessage) {
  ChatSession session = tiny_session();
  session.set_system("봄");
  for (int turn = 0; turn < 8; ++turn) session.ask("개는 밤에 자고 낮에 논다.", greedy(8));
  EXPECT_GT(session.stats().dropped_messages, 0);
  EXPECT_EQ(session.stats().dropped_messages % 2, 0);  // whole turns
  EXPECT_EQ(session.messages().size(), 17u);           // all are still there to be saved

  // The last answer saw the system message and what was not dropped.
  std::vector<ChatMessage> seen = {session.messages().front()};
  const auto first = session.messages().begin() + 1 + session.stats().dropped_messages;
  seen.insert(seen.end(), first, session.messages().end() - 1);
  EXPECT_EQ(session.messages().back().content, answer_from_scratch(TinyModel::get().model, seen, 8));
}

TEST(ChatSession, MessageLongerThanTheContextIsAnErrorAndChangesNothing) {
  ChatSession session = tiny_session();
  const std::string before = session.ask("안녕?", greedy(6)).text;
  std::string text;
  while (tokenizer::encode_chat(TinyModel::get().tokenizer, {{{"user", text}}}, true).size() < 150) text += "\n";
  EXPECT_EQ(error_message([&] { session.ask(text, greedy(6)); }),
            "the message makes 150 tokens with the system message, but the model's context holds 128; shorten it");
  EXPECT_EQ(roles(session), (std::vector<std::string>{"user", "assistant"}));
  EXPECT_EQ(session.messages().back().content, before);
}

TEST(ChatSession, AnErrorInTheMidstOfAnAnswerChangesNothing) {
  ChatSession session = tiny_session();
  const std::string before = session.ask("안녕?", greedy(6)).text;
  const auto failing = [](std::string_view) -> bool { throw Error("as if in the midst of the model"); };
  const std::string expected = "as if in the midst of the model";
  EXPECT_EQ(error_message([&] { session.ask("봄", greedy(6), failing); }), expected);
  EXPECT_EQ(error_message([&] { session.regenerate(greedy(6), failing); }), expected);
  EXPECT_EQ(roles(session), (std::vector<std::string>{"user", "assistant"}));
  EXPECT_EQ(session.messages().back().content, before);
  const std::vector<ChatMessage> messages = {session.messages()[0], session.messages()[1], {"user", "봄"}};
  EXPECT_EQ(session.ask("봄", greedy(6)).text, answer_from_scratch(TinyModel::get().model, messages, 6));
}

TEST(ChatSession, RegenerateReplacesTheLastAnswer) {
  ChatSession session = tiny_session();
  EXPECT_EQ(error_message([&] { session.regenerate(greedy(4)); }), "there is no answer to give again");
  const std::string first = session.ask("안녕?", greedy(12)).text;
  EXPECT_EQ(session.regenerate(greedy(12)).text, first);
  const std::string drawn = session.ask("봄", wild(3, 12)).text;
  const std::string other = session.regenerate(wild(3, 12)).text;
  EXPECT_NE(other, drawn);  // the random numbers go on
  EXPECT_EQ(roles(session), (std::vector<std::string>{"user", "assistant", "user", "assistant"}));
  EXPECT_EQ(session.messages().back().content, other);
}

TEST(ChatSession, AnAnswerThatFollowsNoQuestionCannotBeGivenAgain) {
  const test::TemporaryDirectory directory;
  const std::string path = (directory / "dialogue.json").string();
  std::string long_system;  // nothing can be dropped to make room behind it
  while (tokenizer::encode_chat(TinyModel::get().tokenizer, {{{"system", long_system}}}, true).size() < 110)
    long_system += "\n";
  const std::string answer = R"({"role":"assistant","content":"a"})";
  for (const std::string& messages : {answer, answer + "," + answer}) {
    for (const std::string& system : {std::string(), long_system}) {
      std::ofstream(path) << R"({"messages":[)" << messages << "]}";
      ChatSession session = tiny_session();
      session.load(path);
      session.set_system(system);
      const auto before = roles(session);
      EXPECT_EQ(error_message([&] { session.regenerate(greedy(4)); }),
                "the last answer follows no message of yours, so it can't be given again; say something first");
      EXPECT_EQ(roles(session), before);
    }
  }
}

TEST(ChatSession, TheSameSeedGivesTheSameDialogue) {
  const auto talk = [](int64_t seed) {
    ChatSession session = tiny_session();
    return session.ask("안녕?", wild(seed, 12)).text + "|" + session.ask("봄", wild(seed, 12)).text;
  };
  EXPECT_EQ(talk(1), talk(1));
  EXPECT_NE(talk(1), talk(2));
}

TEST(ChatSession, StoppedAnswerKeepsWhatCame) {
  ChatSession session = tiny_session();
  std::string shown;
  const Generation generation = session.ask("안녕?", wild(8, 40), [&](std::string_view piece) {
    shown += piece;
    return shown.size() < 10;
  });
  EXPECT_EQ(to_string(generation.finish), "interrupted");
  EXPECT_EQ(session.messages().back().content, generation.text);
  EXPECT_EQ(generation.text, shown);
  const std::string next = session.ask("봄", greedy(8)).text;
  std::vector<ChatMessage> messages(session.messages().begin(), session.messages().end() - 1);
  EXPECT_EQ(next, answer_from_scratch(TinyModel::get().model, messages, 8));
}

TEST(ChatSession, ClearKeepsTheSystemMessage) {
  ChatSession session = tiny_session();
  session.set_system("봄");
  session.ask("안녕?", greedy(4));
  session.clear();
  EXPECT_EQ(roles(session), std::vector<std::string>{"system"});
  session.set_system("가을");
  EXPECT_EQ(session.messages().front().content, "가을");
  session.set_system("");
  EXPECT_TRUE(session.messages().empty());
}

TEST(ChatSession, SavedDialogueGoesOnAsIfNeverLeft) {
  const test::TemporaryDirectory directory;
  const std::string path = (directory / "dialogue.json").string();
  ChatSession session = tiny_session();
  session.set_system("봄 \"여름\"");
  session.ask("안녕?\n잘 가.", wild(5, 12));
  session.save(path);
  const std::string went_on = session.ask("왜", greedy(10)).text;

  ChatSession loaded = tiny_session();
  loaded.ask("다른 말", greedy(4));
  loaded.load(path);
  ASSERT_EQ(loaded.messages().size(), 3u);
  EXPECT_EQ(loaded.messages()[1].content, "안녕?\n잘 가.");
  EXPECT_EQ(loaded.ask("왜", greedy(10)).text, went_on);
}

TEST(ChatSession, FilesThatAreNoDialogueAreErrorsAndChangeNothing) {
  const test::TemporaryDirectory directory;
  const std::string path = (directory / "dialogue.json").string();
  ChatSession session = tiny_session();
  session.ask("안녕?", greedy(4));
  const auto message_for = [&](const std::string& content) {
    std::ofstream(path) << content;
    return error_message([&] { session.load(path); });
  };
  EXPECT_EQ(message_for("[]"),
            path + ": no dialogue: expected {\"messages\": [{\"role\": ..., \"content\": ...}, ...]}");
  EXPECT_EQ(message_for(R"({"messages":[{"role":"user"}]})"), path + ": message 1: key \"content\" is missing");
  EXPECT_EQ(message_for(R"({"messages":[{"role":"user","content":"a"},{"role":"system","content":"b"}]})"),
            path + ": message 2: role \"system\"; expected \"user\" or \"assistant\" (or \"system\", as the first)");
  EXPECT_EQ(roles(session), (std::vector<std::string>{"user", "assistant"}));
}

}  // namespace
}  // namespace ktlm::generate
