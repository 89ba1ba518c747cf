// Damaged tables of replacements, which SentencePiece would follow out of its memory.
#include "charsmap.h"

#include <gtest/gtest.h>
#include <sentencepiece_trainer.h>

#include <cstring>
#include <random>

#include "error_message.h"
#include "ktlm/core/protobuf.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "temporary_directory.h"
#include "training_text.h"

namespace ktlm::tokenizer {
namespace {

constexpr int kNormalizer = 3, kCharsmap = 2;  // fields of sentencepiece_model.proto

class Charsmap : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const test::TemporaryDirectory folder;
    const auto status = sentencepiece::SentencePieceTrainer::Train({{"input", (kTokenizerData / "text.txt").string()},
                                                                    {"model_prefix", (folder / "tokenizer").string()},
                                                                    {"vocab_size", "640"},
                                                                    {"model_type", "bpe"},
                                                                    {"normalization_rule_name", "nmt_nfkc"},
                                                                    {"hard_vocab_limit", "false"},
                                                                    {"byte_fallback", "true"},
                                                                    {"minloglevel", "2"}});
    ASSERT_TRUE(status.ok()) << status.ToString();
    content_ = read_file(folder / "tokenizer.model");
    for (ProtobufReader model(content_); model.next();) {
      if (model.field() != kNormalizer) continue;
      for (ProtobufReader normalizer(model.text()); normalizer.next();)
        if (normalizer.field() == kCharsmap) table_ = normalizer.text();
    }
    ASSERT_GT(table_.size(), 100'000U);
  }

  // The model with another table; the last one counts.
  static std::string with_table(const std::string& table) {
    ProtobufWriter normalizer, model;
    normalizer.text(kCharsmap, table);
    model.text(kNormalizer, normalizer.bytes());
    return content_ + model.bytes();
  }
  static std::string table_of(uint32_t size, const std::vector<uint32_t>& units, const std::string& replacements) {
    std::string table(reinterpret_cast<const char*>(&size), sizeof size);
    for (const uint32_t unit : units) table.append(reinterpret_cast<const char*>(&unit), sizeof unit);
    return table + replacements;
  }
  std::string error_of(const std::string& content) const {
    write_file_atomically(folder_ / "tokenizer.model", content);
    return test::error_message([&] {
      const Tokenizer tokenizer = Tokenizer::load(folder_.path());
      for (const char* text : {"대한민국 ㈜ ①②③ ｶﾞ Ａ", "abc \xEF\xBC\xA1 ﷺ", "ㅎㅏㄴ\t글\r\n"}) tokenizer.encode(text);
    });
  }
  std::string damaged() const {
    return (folder_ / "tokenizer.model").string() +
           ": its table of replacements (precompiled_charsmap) is damaged; copy it again or run ktlm train-tokenizer "
           "again";
  }

  static inline std::string content_;
  static inline std::string_view table_;
  test::TemporaryDirectory folder_;
};

TEST_F(Charsmap, OneOfSentencePiecesPasses) { EXPECT_EQ(error_of(content_), "(nothing thrown)"); }

TEST_F(Charsmap, WaysOutOfTheArrayAreRefused) {
  EXPECT_EQ(error_of(with_table(table_of(4, {0xFFFFFFFF}, "abc"))), damaged());
  EXPECT_EQ(error_of(with_table(table_of(0x7FFFFFFF, {}, ""))), damaged());
  EXPECT_EQ(error_of(with_table(table_of(4, {1U << 10}, std::string("\0", 1)))), damaged());
}

TEST_F(Charsmap, ReplacementsBeyondTheirEndAreRefused) {
  // From the root's offset, 256, "a" leads to a unit that has a value at its own, 768.
  std::vector<uint32_t> units(1024);
  const uint32_t a = 'a';
  units[0] = 256U << 10;
  units[256 ^ a] = 768U << 10 | 1U << 8 | a;
  const auto with_value = [&](uint32_t value) {
    units[256 ^ a ^ 768] = 1U << 31 | value;
    return with_table(table_of(4096, units, std::string("A\0", 2)));
  };
  EXPECT_EQ(error_of(with_value(0)), "(nothing thrown)");
  EXPECT_EQ(error_of(with_value(2)), damaged());
}

TEST_F(Charsmap, CirclesThatMatchForEverAreRefused) {
  std::vector<uint32_t> units(512);
  const uint32_t a = 'a';
  units[0] = 256U << 10;
  units[256 ^ a] = a << 10 | 1U << 8 | a;  // back to where it came from
  EXPECT_EQ(error_of(with_table(table_of(2048, units, std::string("A\0", 2)))), damaged());
}

// What SentencePiece passes over, but ktlm's reader does not know: a table behind it would be followed unchecked.
TEST_F(Charsmap, NoTableHidesBehindWhatIsReadByOneProgramAlone) {
  const std::string bad = with_table(table_of(4, {0xFFFFFFFF}, "abc"));
  const std::string group = "\x1B\x1C", number = "\x1D\xFF\xFF\xFF\xFF";  // field 3 as a group, and as four bytes
  for (const std::string& front : {group, number})
    EXPECT_EQ(error_of(front + bad), (folder_ / "tokenizer.model").string() + ": not a SentencePiece model (" +
                                         std::to_string(front.size() + bad.size()) +
                                         " bytes); copy it again or run ktlm train-tokenizer again");
}

// Units changed at random: a table that works, or one line.
TEST_F(Charsmap, NoChangedUnitCrashes) {
  std::mt19937 random(1);
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    std::string table(table_);
    uint32_t size = 0;
    std::memcpy(&size, table.data(), sizeof size);
    for (int i = 0; i < 1 << round % 8; ++i) {
      const auto unit = static_cast<uint32_t>(random());
      std::memcpy(table.data() + 4 + random() % (size / 4) * 4, &unit, sizeof unit);
    }
    const std::string message = error_of(with_table(table));
    if (message == "(nothing thrown)") continue;
    ++refused;
    EXPECT_EQ(message, damaged());
  }
  EXPECT_GT(refused, 50);
  EXPECT_LT(refused, 200);
}

}  // namespace
}  // namespace ktlm::tokenizer
