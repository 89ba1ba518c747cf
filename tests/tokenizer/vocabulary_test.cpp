#include "ktlm/tokenizer/vocabulary.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/text/normalize.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "temporary_directory.h"

namespace ktlm::tokenizer {

namespace {

const std::filesystem::path kTrained = std::filesystem::path(KTLM_TEST_DATA_DIR) / "tokenizer" / "trained";

TEST(Vocabulary, TellsWhatTheFileHolds) {
  const Vocabulary vocabulary = read_vocabulary(kTrained);
  const Tokenizer tokenizer = Tokenizer::load(kTrained);
  ASSERT_EQ(static_cast<int64_t>(vocabulary.pieces.size()), tokenizer.vocab_size());
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    const Piece& piece = vocabulary.pieces[static_cast<size_t>(id)];
    EXPECT_EQ(piece.text, tokenizer.piece(id));
    EXPECT_EQ(piece.type == PieceType::kByte, tokenizer.is_byte(id)) << id;
    EXPECT_EQ(piece.type == PieceType::kControl || piece.type == PieceType::kUnknown, tokenizer.is_control(id)) << id;
  }
  EXPECT_TRUE(vocabulary.is_bpe);
  EXPECT_FALSE(vocabulary.add_dummy_prefix || vocabulary.remove_extra_whitespaces || vocabulary.has_own_normalizer);
  EXPECT_EQ(vocabulary.normalizer_version, text::kNormalizerVersion);
  EXPECT_NE(vocabulary.chat_template.find("<|im_start|>"), std::string::npos);
}

TEST(Vocabulary, KtlmsOwnIsWrittenAsTrainingWroteIt) {
  const test::TemporaryDirectory folder;
  write_vocabulary(folder.path(), read_vocabulary(kTrained), "here");
  for (const char* name : {"tokenizer.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"})
    EXPECT_EQ(read_file(folder / name), read_file(kTrained / name)) << name;
}

TEST(Vocabulary, OneOfOtherMakeEncodesWithSentencePieceToTheSameIds) {
  const test::TemporaryDirectory folder;
  Vocabulary vocabulary = read_vocabulary(kTrained);
  vocabulary.normalizer_version.reset();
  write_vocabulary(folder.path(), vocabulary, "here");
  const Tokenizer ours = Tokenizer::load(kTrained), written = Tokenizer::load(folder.path());
  for (const char* text : {"대한민국의 수도는 서울이다.", "ㅋㅋ  두 칸 😀", "<|im_start|>는 글이다", "1950년 6월"})
    EXPECT_EQ(written.encode(text), ours.encode(text)) << text;
  EXPECT_EQ(written.eos_id(), ours.eos_id());
  Vocabulary back = read_vocabulary(folder.path());
  EXPECT_EQ(back.pieces, vocabulary.pieces);
  EXPECT_EQ(back.chat_template, vocabulary.chat_template);
  EXPECT_FALSE(back.normalizer_version);
}

TEST(Vocabulary, WhatThereIsNoneOfIsNotFoundByItsName) {
  const test::TemporaryDirectory folder;
  Vocabulary vocabulary = read_vocabulary(kTrained);
  vocabulary.normalizer_version.reset();
  vocabulary.bos_id = vocabulary.pad_id = -1;
  write_vocabulary(folder.path(), vocabulary, "here");
  const Tokenizer tokenizer = Tokenizer::load(folder.path());
  EXPECT_EQ(tokenizer.bos_id(), -1);
  EXPECT_EQ(tokenizer.pad_id(), -1);
  EXPECT_EQ(tokenizer.begin_id(), -1);
  EXPECT_EQ(tokenizer.eos_id(), vocabulary.eos_id);
  EXPECT_FALSE(read_vocabulary(folder.path()).begins_with_bos);
}

TEST(Vocabulary, KtlmsOwnIsTakenOnlyAsItWasMade) {
  const test::TemporaryDirectory folder;
  for (const char* name : {"tokenizer.model", "tokenizer_config.json"})
    write_file_atomically(folder / name, read_file(kTrained / name));
  std::string model = read_file(folder / "tokenizer.model");
  model[model.size() / 2] ^= 1;
  write_file_atomically(folder / "tokenizer.model", model);
  const auto message = [&] { return test::error_message([&] { read_vocabulary(folder.path()); }); };
  EXPECT_TRUE(message().starts_with((folder / "tokenizer.model").string() + ": truncated or changed (hash "))
      << message();
  Json config = read_json_file((folder / "tokenizer_config.json").string());
  config["ktlm_normalizer_version"] = 0;
  write_file_atomically(folder / "tokenizer_config.json", config.dump());
  EXPECT_TRUE(message().starts_with((folder / "tokenizer_config.json").string() +
                                    ": made with version 0 of the normaliser, this program has version "))
      << message();
}

TEST(Vocabulary, OthersPiecesAreNotTakenForKtlms) {
  const test::TemporaryDirectory folder;
  Vocabulary vocabulary = read_vocabulary(kTrained);
  const std::string message =
      "here: the vocabulary is said to be ktlm's, but has other pieces than ktlm trains (damaged or changed?)";
  std::swap(vocabulary.pieces[400], vocabulary.pieces[401]);  // their scores do not fit their places
  EXPECT_EQ(test::error_message([&] { write_vocabulary(folder.path(), vocabulary, "here"); }), message);
  vocabulary.pieces.resize(3);
  EXPECT_EQ(test::error_message([&] { write_vocabulary(folder.path(), vocabulary, "here"); }), message);
}

TEST(Vocabulary, AFileThatIsNoneIsTold) {
  const test::TemporaryDirectory folder;
  for (const std::string content : {"", "no model", "\xff\xff\xff"}) {
    write_file_atomically(folder / "tokenizer.model", content);
    EXPECT_EQ(test::error_message([&] { read_vocabulary(folder.path()); }),
              (folder / "tokenizer.model").string() + ": not a SentencePiece model (" + std::to_string(content.size()) +
                  " bytes); copy it again");
  }
}

}  // namespace

}  // namespace ktlm::tokenizer
