#include "ktlm/corpus/document.h"

#include <gtest/gtest.h>

#include "error_message.h"
#include "ktlm/core/json.h"
#include "ktlm/core/random.h"
#include "ktlm/text/utf8.h"

namespace ktlm::corpus {
namespace {

TEST(Document, TheLineHasTheFieldsUsualForm) {
  EXPECT_EQ(
      to_json_line(
          {.id = "kowiki:1", .title = "한강", .text = "첫 줄\n\"둘째\"\t\\ 줄", .source = "kowiki", .messages = {}}),
      R"({"id":"kowiki:1","title":"한강","text":"첫 줄\n\"둘째\"\t\\ 줄","source":"kowiki"})");
  EXPECT_EQ(to_json_line({.id = "1", .title = "", .text = "네", .source = "a", .messages = {{"user", "네"}}}),
            R"({"id":"1","title":"","text":"네","source":"a","messages":[{"role":"user","content":"네"}]})");
}

TEST(Document, AnyTextComesBackAndTheLineIsTheJsonLibrarysOwn) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    Document document{.id = "1", .title = "제목", .text = "", .source = "a", .messages = {{"user", ""}}};
    for (int i = 0; i < 50; ++i) {
      const auto code_point =
          static_cast<char32_t>(random.below(3) == 0 ? random.below(128) : 0xAC00 + random.below(11172));
      text::append_utf8(document.text, code_point);
      text::append_utf8(document.messages[0].content, code_point);
    }
    const std::string line = to_json_line(document);
    const Json expected = {{"id", "1"},
                           {"title", "제목"},
                           {"text", document.text},
                           {"source", "a"},
                           {"messages", {{{"role", "user"}, {"content", document.messages[0].content}}}}};
    EXPECT_EQ(line, ktlm::to_json_line(expected));
    const Document back = document_from_json_line(line, "here");
    EXPECT_EQ(back.text, document.text);
    EXPECT_EQ(back.messages[0].content, document.messages[0].content);
  }
}

TEST(Document, ALineThatIsNoDocumentNamesThePlace) {
  using test::error_message;
  EXPECT_EQ(error_message([] { document_from_json_line("{\"id\":\"1\"}", "a.jsonl:7"); }),
            "a.jsonl:7: key \"text\" is missing");
  EXPECT_EQ(error_message([] { document_from_json_line("{\"text\":\"글\",\"messages\":5}", "a.jsonl:7"); }),
            "a.jsonl:7: key \"messages\" should be a list, is 5");
  EXPECT_EQ(error_message([] { document_from_json_line("[", "a.jsonl:7"); }).substr(0, 26),
            "a.jsonl:7: not valid JSON ");
}

}  // namespace
}  // namespace ktlm::corpus
