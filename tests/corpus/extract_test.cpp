#include "extract.h"

#include <gtest/gtest.h>

#include "corpus_fixtures.h"

namespace ktlm::corpus {
namespace {

ExtractedDocument extract(RawForm form, const std::string& body, const PrepareConfig& config = {}) {
  return extract_document(
      {.form = form, .id = "a:1", .title = "제목", .source = "a", .body = body, .where = "a.jsonl:1"}, config,
      parse_field_paths(config.text_field));
}

ExtractedDocument extract_line(const std::string& line, const PrepareConfig& config = {}) {
  return extract(RawForm::kJson, line, config);
}

const std::string kSentence = test::sentence(1);

TEST(Extract, PlainTextIsNormalisedAndTrimmed) {
  const auto out = extract(RawForm::kText, "\n  " + kSentence + "\r\n\r\nＡ１ ｶ 나머지 글.\n\n");
  EXPECT_EQ(out.dropped, DropReason::kNone);
  EXPECT_EQ(out.document.text, kSentence + "\n\nA1 ｶ 나머지 글.");
  EXPECT_EQ(out.document.id, "a:1");
  EXPECT_EQ(out.document.title, "제목");
  EXPECT_EQ(out.hash, hash128(out.document.text));
}

TEST(Extract, WikitextLosesItsMarkup) {
  const auto out =
      extract(RawForm::kWikitext, "{{정보}}'''서울'''은 [[대한민국]]의 [[수도 (정치)|수도]]이자 가장 큰 도시이다.");
  EXPECT_EQ(out.dropped, DropReason::kNone);
  EXPECT_EQ(out.document.text, "서울은 대한민국의 수도이자 가장 큰 도시이다.");
  EXPECT_EQ(extract(RawForm::kWikitext, "#넘겨주기 [[서울]]").dropped, DropReason::kRedirect);
  EXPECT_EQ(extract(RawForm::kWikitext, "'''서울'''에는 다음이 있다.\n* [[가]]\n{{동음이의}}").dropped,
            DropReason::kDisambiguation);
  EXPECT_EQ(extract(RawForm::kWikitext, "{{정보}}").dropped, DropReason::kEmpty);
}

TEST(Extract, HtmlGivesTextAndTitle) {
  const auto out =
      extract(RawForm::kHtml, "<html><head><title>한강</title></head><body><p>" + kSentence + "</p></body></html>");
  EXPECT_EQ(out.dropped, DropReason::kNone);
  EXPECT_EQ(out.document.title, "한강");
  EXPECT_EQ(out.document.text, kSentence);
}

TEST(Extract, JsonFieldsArriveAndTheLinesOwnIdAndSourceWin) {
  const auto out = extract_line(R"({"id": 17, "title": "한\n강", "source": "wikinews", "text": ")" + kSentence + "\"}");
  EXPECT_EQ(out.document.id, "17");
  EXPECT_EQ(out.document.title, "한 강");
  EXPECT_EQ(out.document.source, "wikinews");
  EXPECT_EQ(out.document.text, kSentence);
  const auto bare = extract_line("{\"text\": \"" + kSentence + "\"}");
  EXPECT_EQ(bare.document.id, "a:1");
  EXPECT_EQ(bare.document.source, "a");
}

TEST(Extract, TheTextFieldIsTheNamedOneOrTheFirstOfTheUsualOnes) {
  EXPECT_EQ(extract_line("{\"body\": \"셋\", \"content\": \"" + kSentence + "\"}").document.text, kSentence);
  PrepareConfig config;
  config.text_field = "본문";
  EXPECT_EQ(extract_line("{\"text\": \"다른 글\", \"본문\": \"" + kSentence + "\"}", config).document.text, kSentence);
  const auto out = extract_line("{\"text\": \"다른 글\"}", config);
  EXPECT_EQ(out.dropped, DropReason::kNoText);
  EXPECT_EQ(out.problem, "a.jsonl:1: has no \"본문\" (it has text); --text-field names the text's key");
}

TEST(Extract, APathGoesIntoObjectsAndArrays) {
  PrepareConfig config;
  config.text_field = "document.paragraph.form";
  const auto nikl = extract_line(R"({"id": "NWRW", "metadata": {"title": "신문"}, "document": [{"paragraph": [
      {"id": "1", "form": "첫 문단은 이렇게 시작한다."}, {"id": "2", "form": "둘째 문단."}]}, {"paragraph": []}]})",
                                 config);
  EXPECT_EQ(nikl.document.text, "첫 문단은 이렇게 시작한다.\n둘째 문단.");
  EXPECT_EQ(nikl.document.title, "신문");
  config.text_field = "data.body";
  EXPECT_EQ(extract_line("{\"data.body\": \"" + kSentence + "\"}", config).document.text, kSentence);
  EXPECT_EQ(extract_line("{\"text\": [\"" + kSentence + "\", \"둘\"]}").document.text, kSentence + "\n둘");
}

TEST(Extract, NamuwikisOtherNamespacesAndRedirectsAreDropped) {
  const auto reason = [](const std::string& fields, const std::string& text) {
    return extract_line("{\"title\": \"한강\", \"text\": \"" + text + "\"" + fields + "}").dropped;
  };
  EXPECT_EQ(reason(R"(, "namespace": "0", "contributors": [])", kSentence), DropReason::kNone);
  EXPECT_EQ(reason(R"(, "namespace": 0)", "#redirect 한강(서울의 강)을 보라는 긴 이름"), DropReason::kRedirect);
  EXPECT_EQ(reason(R"(, "namespace": "1")", kSentence), DropReason::kOtherNamespace);
  EXPECT_EQ(reason(R"(, "namespace": "news")", kSentence), DropReason::kNone);
  EXPECT_EQ(reason("", "#redirect 한강(서울의 강)을 보라는 긴 이름"), DropReason::kNone);
}

TEST(Extract, DialoguesKeepTheirMessages) {
  const auto out = extract_line(
      R"({"messages": [{"role": "user", "content": " 안녕？ "}, {"role": "assistant", "content": "네."}], "label": 1})");
  EXPECT_EQ(out.dropped, DropReason::kNone) << "short dialogues stay";
  ASSERT_EQ(out.document.messages.size(), 2U);
  EXPECT_EQ(out.document.messages[0].role, "user");
  EXPECT_EQ(out.document.messages[0].content, "안녕?");
  EXPECT_EQ(out.document.messages[1].content, "네.");
  EXPECT_EQ(out.document.text, "안녕?\n네.");
}

// "role: content" of each message.
std::vector<std::string> dialogue_in(const std::string& line, const PrepareConfig& config = {}) {
  std::vector<std::string> messages;
  for (const auto& message : extract_line(line, config).document.messages)
    messages.push_back(message.role + ": " + message.content);
  return messages;
}

TEST(Extract, DialoguesOfShareGptsFormAreRead) {
  const std::string turns = R"([{"from": "human", "value": " 안녕？ "}, {"from": "gpt", "value": "네."},)"
                            R"( {"from": "user", "value": "뭐 해?"}, {"from": "chatgpt", "value": "쉬어요."}])";
  const std::vector<std::string> expected = {"user: 안녕?", "assistant: 네.", "user: 뭐 해?", "assistant: 쉬어요."};
  EXPECT_EQ(dialogue_in(R"({"id": "a", "conversations": )" + turns + "}"), expected);
  EXPECT_EQ(dialogue_in(R"({"messages": )" + turns + "}"), expected);
  EXPECT_EQ(
      dialogue_in(
          R"({"system": "짧게.", "conversations": [{"role": "user", "content": "응?"}, {"from": "gpt", "value": "네."}]})"),
      (std::vector<std::string>{"system: 짧게.", "user: 응?", "assistant: 네."}));
  EXPECT_EQ(extract_line(R"({"conversations": [{"from": "observation", "value": "글"}]})").problem,
            "a.jsonl:1: message 1: from is \"observation\", expected system, human or gpt");
}

TEST(Extract, DialoguesOfAlpacasFormAreRead) {
  EXPECT_EQ(dialogue_in(R"({"instruction": "수도는?", "input": "", "output": "서울.", "text": "### 질문: 수도는?"})"),
            (std::vector<std::string>{"user: 수도는?", "assistant: 서울."}));
  EXPECT_EQ(dialogue_in(R"({"instruction": "옮겨라.", "input": "sea", "output": "바다", "system": "너는 사전이다.",)"
                        R"( "history": [["산은?", "mountain"]]})"),
            (std::vector<std::string>{"system: 너는 사전이다.", "user: 산은?", "assistant: mountain",
                                      "user: 옮겨라.\nsea", "assistant: 바다"}));
  EXPECT_EQ(extract_line(R"({"instruction": "수도는?", "output": " "})").problem, "a.jsonl:1: \"output\" is empty");
}

TEST(Extract, TextThatIsAskedForIsReadThoughADialogueStandsBesideIt) {
  PrepareConfig config;
  config.text_field = "text";
  const std::string line = R"({"instruction": "수도는?", "output": "서울.", "text": ")" + kSentence + "\"}";
  EXPECT_TRUE(dialogue_in(line, config).empty());
  EXPECT_EQ(extract_line(line, config).document.text, kSentence);
}

TEST(Extract, LinesThatCannotBeReadSayWhere) {
  const auto problem = [](const std::string& line, DropReason reason) {
    const auto out = extract_line(line);
    EXPECT_EQ(out.dropped, reason) << line;
    return out.problem;
  };
  EXPECT_EQ(problem("{\"text\": ", DropReason::kInvalidJson).substr(0, 36), "a.jsonl:1: not valid JSON at byte 10");
  EXPECT_EQ(problem("[1]", DropReason::kInvalidJson), "a.jsonl:1: not a JSON object, is array");
  EXPECT_EQ(problem("{\"text\": 5}", DropReason::kNoText),
            "a.jsonl:1: has no \"text\", \"content\", \"body\", \"messages\", \"conversations\" or \"instruction\" (it "
            "has text); --text-field names the "
            "text's key");
  EXPECT_EQ(problem("{\"messages\": []}", DropReason::kNoText),
            "a.jsonl:1: \"messages\" should be a list of {\"role\", \"content\"}");
  EXPECT_EQ(problem(R"({"messages": [{"role": "user", "content": "글"}, {"role": "bot", "content": "글"}]})",
                    DropReason::kNoText),
            "a.jsonl:1: message 2: role is \"bot\", expected system, user or assistant");
  EXPECT_EQ(problem(R"({"messages": [{"role": "user"}]})", DropReason::kNoText),
            "a.jsonl:1: message 1: content is empty");
}

TEST(Extract, DamagedUtf8IsRepairedAndCounted) {
  const auto text = extract(RawForm::kText, kSentence + "\xFF" + kSentence);
  EXPECT_EQ(text.document.text, kSentence + "\uFFFD" + kSentence);
  EXPECT_EQ(text.utf8_repairs, 1);
  const auto line = extract_line("{\"text\": \"" + kSentence + "\xEA\xB0\"}");
  EXPECT_EQ(line.document.text, kSentence + "\uFFFD");
  EXPECT_EQ(line.utf8_repairs, 1);
}

TEST(Extract, AnotherEncodingIsDroppedWithAdvice) {
  std::string cp949;  // "한글 문서 " over and over
  for (int i = 0; i < 50; ++i) cp949 += "\xC7\xD1\xB1\xDB \xB9\xAE\xBC\xAD ";
  const auto out = extract(RawForm::kText, cp949);
  EXPECT_EQ(out.dropped, DropReason::kNotUtf8);
  EXPECT_NE(out.problem.find("a.jsonl:1: is not UTF-8 ("), std::string::npos) << out.problem;
  EXPECT_NE(out.problem.find("; --encoding says what it is"), std::string::npos);
}

TEST(Extract, ShortTextsAreDroppedByCharactersNotBytes) {
  PrepareConfig config;
  config.min_chars = 5;
  EXPECT_EQ(extract(RawForm::kText, "가나다라", config).dropped, DropReason::kTooShort);
  EXPECT_EQ(extract(RawForm::kText, "가나다라마", config).dropped, DropReason::kNone);
  EXPECT_EQ(extract(RawForm::kText, "가나다abc", config).dropped, DropReason::kNone);
  EXPECT_EQ(extract(RawForm::kText, " \n", config).dropped, DropReason::kEmpty);
}

const std::string kList = [] {
  std::string list;
  for (int i = 0; i < 60; ++i) list += "차림표\n";
  return list;
}();

TEST(Extract, PoorTextIsDroppedUnlessTheFiltersAreOff) {
  EXPECT_EQ(extract(RawForm::kText, kList).dropped, DropReason::kFewStopWords);
  EXPECT_EQ(extract(RawForm::kText, "This is English text, and long enough.").dropped, DropReason::kLanguage);
  PrepareConfig config;
  config.quality = "off";
  EXPECT_EQ(extract(RawForm::kText, kList, config).dropped, DropReason::kNone);
}

TEST(Extract, ASourceCanBeExemptFromTheQualityFilters) {
  const auto drop_of = [](const std::string& file, const std::string& line_source, const std::string& exempt) {
    PrepareConfig config;
    config.quality_off = {"other.txt", exempt};
    const Json line = {{"text", kList}, {"source", line_source}};
    return extract_document({.form = RawForm::kJson, .source = file, .body = line.dump()}, config, {}).dropped;
  };
  const DropReason kept = DropReason::kNone, dropped = DropReason::kFewStopWords;
  EXPECT_EQ(drop_of("nsmc.jsonl", "", "nsmc.jsonl"), kept);
  EXPECT_EQ(drop_of("nsmc.jsonl", "", "data/nsmc.jsonl"), kept) << "the path that was given";
  EXPECT_EQ(drop_of("poems/김소월.jsonl", "", "poems"), kept);
  EXPECT_EQ(drop_of("poems/김소월.jsonl", "", "data/poems/"), kept);
  EXPECT_EQ(drop_of("poems/김소월.jsonl", "", "김소월.jsonl"), kept);
  EXPECT_EQ(drop_of("all.jsonl", "nsmc", "nsmc"), kept) << "a JSONL line's own source";
  EXPECT_EQ(drop_of("all.jsonl", "nsmc", "all.jsonl"), kept);
  EXPECT_EQ(drop_of("nsmc.jsonl", "", "smc.jsonl"), dropped);
  EXPECT_EQ(drop_of("poems2/가.jsonl", "", "poems"), dropped);
}

TEST(Extract, DialoguesAreExemptFromTheQualityFilters) {
  EXPECT_EQ(extract_line(R"({"messages": [{"role": "user", "content": "Hello?"}]})").dropped, DropReason::kNone);
}

TEST(Extract, PersonalDataIsMaskedAndCounted) {
  const auto out = extract(RawForm::kText, kSentence + " 문의: 010-1234-5678, hong@naver.com");
  EXPECT_EQ(out.document.text, kSentence + " 문의: <전화번호>, <이메일>");
  EXPECT_EQ(out.hash, hash128(out.document.text));
  EXPECT_EQ(out.masked, (text::PersonalDataCounts{1, 0, 1, 0}));
  PrepareConfig config;
  config.mask_personal_data = false;
  EXPECT_EQ(extract(RawForm::kText, kSentence + " 010-1234-5678", config).document.text, kSentence + " 010-1234-5678");
}

TEST(Extract, ADialogueIsMaskedAsItsTextIs) {
  const auto out = extract_line(
      R"({"title": "hong@naver.com", "messages": [{"role": "user", "content": "02-345-6789"}, {"role": "assistant", "content": "네."}]})");
  EXPECT_EQ(out.document.title, "<이메일>");
  EXPECT_EQ(out.document.messages[0].content, "<전화번호>");
  EXPECT_EQ(out.document.text, "<전화번호>\n네.");
  EXPECT_EQ(out.masked, (text::PersonalDataCounts{1, 0, 1, 0}));
}

TEST(Extract, WhatTheReaderDroppedStaysDropped) {
  const auto out = extract_document({.form = RawForm::kWikitext, .dropped = DropReason::kOtherNamespace}, {}, {});
  EXPECT_EQ(out.dropped, DropReason::kOtherNamespace);
}

}  // namespace
}  // namespace ktlm::corpus
