// SentencePiece itself is the oracle: the encoder must give its ids for any text.
#include "bpe_encoder.h"

#include <gtest/gtest.h>
#include <sentencepiece_processor.h>

#include <algorithm>

#include "ktlm/core/random.h"
#include "ktlm/text/normalize.h"
#include "sentencepiece_model.h"
#include "temporary_directory.h"
#include "training_text.h"

namespace ktlm::tokenizer {
namespace {

struct Encoders {
  std::vector<Piece> pieces;
  BpeEncoder ours;
  sentencepiece::SentencePieceProcessor theirs;

  explicit Encoders(std::vector<Piece> vocabulary) : pieces(std::move(vocabulary)), ours(pieces) {
    EXPECT_TRUE(theirs.LoadFromSerializedProto(sentencepiece_model(pieces, 1.0)).ok());
  }
  std::vector<TokenId> encode(const std::string& text) const {
    std::vector<TokenId> ids;
    ours.encode(text, ids);
    return ids;
  }
  std::vector<TokenId> expected(const std::string& text) const {
    std::vector<TokenId> ids;
    EXPECT_TRUE(theirs.Encode(text, &ids).ok());
    return ids;
  }
};

Encoders trained_encoders(int64_t vocab_size) {
  test::TemporaryDirectory directory;
  const Tokenizer tokenizer = trained_tokenizer(directory / "tokenizer", vocab_size);
  std::vector<Piece> pieces = fixed_pieces();
  for (auto id = static_cast<TokenId>(pieces.size()); id < tokenizer.vocab_size(); ++id)
    pieces.push_back({tokenizer.piece(id)});
  return Encoders(std::move(pieces));
}

Encoders encoders_of(const std::vector<std::string>& learned) {
  std::vector<Piece> pieces = fixed_pieces();
  for (const std::string& text : learned) pieces.push_back({text});
  return Encoders(std::move(pieces));
}

TEST(BpeEncoder, EqualsSentencePieceOnText) {
  const Encoders encoders = trained_encoders(800);
  for (const std::string& line : training_lines()) EXPECT_EQ(encoders.encode(line), encoders.expected(line)) << line;
}

TEST(BpeEncoder, EqualsSentencePieceOnWholeDocuments) {
  const Encoders encoders = trained_encoders(800);
  const std::string document = read_file(kTokenizerData / "text.txt");
  EXPECT_EQ(encoders.encode(document), encoders.expected(document));
}

TEST(BpeEncoder, EqualsSentencePieceOnOddLines) {
  const Encoders encoders = trained_encoders(800);
  for (const std::string& line : odd_lines(3000, 1)) {
    const std::string text = text::normalize(line);
    ASSERT_EQ(encoders.encode(text), encoders.expected(text)) << text;
  }
}

TEST(BpeEncoder, EqualsSentencePieceOnRunsOfFewLetters) {
  // Overlapping pieces, runs, ties between places; lengths on both sides of the limit for short words.
  const Encoders encoders =
      encoders_of({"aa", "ab", "ba", "aab", "aba", "abab", "▁a", "▁ab", "bb", "▁", "a", "b", "c"});
  Random random(3);
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (uint64_t n = random.below(80); n > 0; --n) text += "aaabbbc "[random.below(i % 2 == 0 ? 7 : 8)];
    ASSERT_EQ(encoders.encode(text), encoders.expected(text)) << text;
  }
}

TEST(BpeEncoder, LongRunsWithoutSpacesEqualSentencePiece) {
  const Encoders encoders = trained_encoders(800);
  std::string run;
  for (const std::string& line : training_lines()) run += line;
  std::erase(run, ' ');
  EXPECT_EQ(encoders.encode(run), encoders.expected(run));
}

TEST(BpeEncoder, SpaceMarkInTheTextIsNoSpace) {
  const Encoders encoders = trained_encoders(800);
  const std::vector<TokenId> ids = encoders.encode("▁");
  ASSERT_EQ(ids.size(), 3U);
  const std::vector<std::string> bytes = {"<0xE2>", "<0x96>", "<0x81>"};
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(encoders.pieces[static_cast<size_t>(ids[i])].text, bytes[i]);
}

}  // namespace
}  // namespace ktlm::tokenizer
