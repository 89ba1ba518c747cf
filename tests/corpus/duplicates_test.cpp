#include "duplicates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "corpus_fixtures.h"
#include "ktlm/core/random.h"
#include "part_fixtures.h"
#include "temporary_directory.h"

namespace ktlm::corpus {
namespace {

using test::NamedText;

// A text of its own for each number: `count` words drawn from many.
std::string text_of(int number, int count = 80) {
  Random random(static_cast<uint64_t>(number));
  std::string text;
  for (int i = 0; i < count; ++i) text += "낱말" + std::to_string(random.next() % 100'000) + " ";
  text.back() = '.';
  return text;
}

// The text with every `every`-th word replaced.
std::string edited(const std::string& text, int every) {
  std::string out;
  int word = 0;
  for (size_t begin = 0; begin < text.size(); ++word) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    out += word % every == every / 2 ? "바꿈" + std::to_string(word) : text.substr(begin, end - begin);
    out += ' ';
    begin = end + 1;
  }
  return out;
}

class DuplicatesTest : public testing::Test {
 protected:
  Verdicts find(const std::vector<NamedText>& texts) {
    test::write_part(folder_ / "part", texts, config_);
    return find_duplicates(PartReader({folder_ / "part"}), config_, folder_.path(), [] {});
  }
  static std::vector<size_t> numbers_of(const Verdicts& verdicts, const std::function<bool(Verdict)>& has) {
    std::vector<size_t> numbers;
    for (size_t i = 0; i < verdicts.documents.size(); ++i) {
      if (has(verdicts.documents[i])) numbers.push_back(i);
    }
    return numbers;
  }

  test::TemporaryDirectory folder_;
  PrepareConfig config_;
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(DuplicatesTest, TheFirstOfTheSameTextsStays) {
  const Verdicts verdicts =
      find({{"a", text_of(1)}, {"b", text_of(2)}, {"c", text_of(1)}, {"d", text_of(3)}, {"e", text_of(1)}});
  EXPECT_THAT(numbers_of(verdicts, [](Verdict v) { return v.is_duplicate; }), ElementsAre(2, 4));
  EXPECT_THAT(numbers_of(verdicts, [](Verdict v) { return v.is_near_duplicate; }), IsEmpty());
}

TEST_F(DuplicatesTest, AnEditedTextIsANearDuplicateAndStrangersAreNot) {
  std::vector<NamedText> texts;
  for (int i = 0; i < 200; ++i) texts.push_back({std::to_string(i), text_of(i)});
  for (int every : {40, 20, 10, 5}) texts.push_back({"e" + std::to_string(every), edited(text_of(every), every)});
  const Verdicts verdicts = find(texts);
  EXPECT_THAT(numbers_of(verdicts, [](Verdict v) { return v.is_near_duplicate; }), ElementsAre(200, 201, 202, 203));
  config_.near_duplicates = false;
  EXPECT_THAT(numbers_of(find(texts), [](Verdict v) { return v.is_near_duplicate; }), IsEmpty());
}

TEST_F(DuplicatesTest, ALineOfManyDocumentsIsRepeatedAndAHeadingMayBe) {
  config_.repeated_line_documents = 3;
  const std::string notice = "이 기사의 저작권은 신문사에 있으며 무단으로 옮겨 실을 수 없습니다.";
  std::vector<NamedText> texts;
  for (int i = 0; i < 6; ++i)
    texts.push_back({std::to_string(i), "머리말\n" + text_of(i) + (i < 4 ? "\n" + notice : "\n" + text_of(99))});
  const Verdicts verdicts = find(texts);
  uint64_t hash = 0;
  ASSERT_TRUE(hash_line("  " + notice + " ", config_.repeated_line_min_chars, hash));
  EXPECT_THAT(verdicts.repeated_lines, ElementsAre(hash));
  EXPECT_THAT(numbers_of(verdicts, [](Verdict v) { return v.has_repeated_line; }), ElementsAre(0, 1, 2, 3));
  config_.repeated_line_documents = 4;
  EXPECT_THAT(find(texts).repeated_lines, IsEmpty()) << "4 documents are not more than 4";
}

TEST_F(DuplicatesTest, ALineRepeatedWithinOneDocumentIsItsOwnAffair) {
  config_.repeated_line_documents = 1;
  const std::string refrain = "아리랑 아리랑 아라리요, 아리랑 고개로 넘어간다.";
  EXPECT_THAT(find({{"a", refrain + "\n" + refrain + "\n" + refrain}, {"b", text_of(1)}}).repeated_lines, IsEmpty());
}

TEST_F(DuplicatesTest, TheSecondOfTwoIdsIsToBeChangedUnlessItGoes) {
  const Verdicts verdicts = find({{"x", text_of(1)}, {"x", text_of(1)}, {"x", text_of(2)}, {"y", text_of(3)}});
  EXPECT_THAT(numbers_of(verdicts, [](Verdict v) { return v.needs_new_id; }), ElementsAre(2));
}

TEST_F(DuplicatesTest, LittleMemoryFindsTheSame) {
  std::vector<NamedText> texts;
  for (int i = 0; i < 3000; ++i)
    texts.push_back({std::to_string(i % 2500), i % 10 == 9 ? edited(text_of(i - 5), 12) : text_of(i % 2900)});
  config_.memory_bytes = 1'000'000'000;
  const Verdicts all_at_once = find(texts);
  config_.memory_bytes = 100'000;
  const Verdicts through_a_file = find(texts);
  for (const auto& has : {+[](Verdict v) { return v.is_duplicate; }, +[](Verdict v) { return v.is_near_duplicate; },
                          +[](Verdict v) { return v.needs_new_id; }}) {
    const auto numbers = numbers_of(all_at_once, has);
    EXPECT_GT(numbers.size(), 50U);
    EXPECT_EQ(numbers_of(through_a_file, has), numbers);
  }
}

}  // namespace
}  // namespace ktlm::corpus
