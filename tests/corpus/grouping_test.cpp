#include "grouping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "error_message.h"
#include "ktlm/core/random.h"
#include "temporary_directory.h"

namespace ktlm::corpus {
namespace {

using Groups = std::vector<std::pair<uint64_t, std::vector<DocumentNumber>>>;

constexpr uint64_t kNumPairs = 50'000;

// Pairs of which many share a key, some twice with the same document.
template <class Add>
void for_each_pair(const Add& add) {
  Random random(1);
  for (uint64_t i = 0; i < kNumPairs; ++i) {
    const uint64_t key = mix64(random.next() % 20'000);
    add(key, static_cast<DocumentNumber>(random.next() % 500));
  }
}

Groups expected_groups() {
  std::map<uint64_t, std::set<DocumentNumber>> by_key;
  for_each_pair([&](uint64_t key, DocumentNumber document) { by_key[key].insert(document); });
  Groups groups;
  for (const auto& [key, documents] : by_key) {
    if (documents.size() > 1) groups.push_back({key, {documents.begin(), documents.end()}});
  }
  return groups;
}

Groups groups_of(Grouping& grouping) {
  for_each_pair([&](uint64_t key, DocumentNumber document) { grouping.add(key, document); });
  Groups groups;
  grouping.for_each_group([&](uint64_t key, std::span<const Grouping::Entry> entries) {
    auto& group = groups.emplace_back(key, std::vector<DocumentNumber>());
    for (const Grouping::Entry& entry : entries) group.second.push_back(entry.document);
  });
  return groups;
}

TEST(Grouping, GivesEveryKeyThatTwoDocumentsHaveHoweverLittleMemoryThereIs) {
  const test::TemporaryDirectory folder;
  const Groups expected = expected_groups();
  ASSERT_GT(expected.size(), 10'000U);
  for (const int64_t memory_bytes : {100'000'000, 200'000, 30'000, 1}) {
    Grouping grouping(kNumPairs, memory_bytes, folder.path());
    EXPECT_TRUE(groups_of(grouping) == expected) << memory_bytes << " bytes";
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "the file has no name that could be left behind";
  }
}

TEST(Grouping, AFileThatCantBeWrittenIsOneLine) {
  const test::TemporaryDirectory folder;
  Grouping grouping(kNumPairs, 1, folder / "none");
  EXPECT_EQ(test::error_message([&] { groups_of(grouping); }),
            (folder / "none" / "keys.tmp").string() +
                ": can't be written: No such file or directory (errno 2); free some space or choose another place");
}

}  // namespace
}  // namespace ktlm::corpus
