// Text to token ids and back: a SentencePiece BPE model behind our normaliser. Ids are the same in transformers and
// llama.cpp, which read the files beside it. Models of other make are used by their own rules, with the tokens that
// Hugging Face's files add to them. SentencePiece stays behind the pimpl.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ktlm::tokenizer {

using TokenId = int32_t;

// The same in every tokenizer that ktlm trains; a loaded one of other make may differ, so ask the Tokenizer.
inline constexpr TokenId kUnkId = 0, kBosId = 1, kEosId = 2, kPadId = 3;
inline constexpr std::string_view kImStart = "<|im_start|>", kImEnd = "<|im_end|>";  // ChatML's markers: ids 4 and 5
inline constexpr int kNumReservedTokens = 10;                                        // <|reserved_0|> ... behind them

class Tokenizer {
 public:
  /// Loads `<directory>/tokenizer.model`, and of one that ktlm did not make what Hugging Face's files beside it say.
  /// Throws Error: missing ("run ktlm train-tokenizer first"), not a SentencePiece model, made with another normaliser
  /// version than this program's, damaged files beside it.
  static Tokenizer load(const std::filesystem::path& directory);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Ids of normalize(text), without BOS or EOS. Markers such as <|im_start|> in the text are plain text here: nobody
  /// can smuggle in a control token. Safe to call from several threads.
  std::vector<TokenId> encode(std::string_view text) const;
  /// Ids of a text that goes on behind a control token, as in a dialogue: tokenizers of other make may put a space in
  /// front of a whole text alone.
  std::vector<TokenId> encode_behind_control(std::string_view text) const;
  /// The same ids for a text that text::normalize gave, which is not normalised again.
  std::vector<TokenId> encode_normalized(std::string_view normal) const;
  /// Whether the ids of a text are those of its lines, ends included, put together. So with every tokenizer that ktlm
  /// trains; one of other make may put a space in front of each.
  bool encodes_lines_alone() const;
  /// The text of the ids; control tokens give nothing. decode(encode(x)) == text::normalize(x).
  std::string decode(std::span<const TokenId> ids) const;

  /// The bytes that one token adds to the text: "" for a control token, one byte for a byte token.
  const std::string& token_bytes(TokenId id) const;
  /// The piece as it stands in the vocabulary ("▁대한", "<0xEA>", "</s>").
  const std::string& piece(TokenId id) const;
  /// The id of a piece, or -1.
  TokenId id_of(std::string_view piece) const;
  bool is_control(TokenId id) const;
  bool is_byte(TokenId id) const;

  int64_t vocab_size() const;
  /// Each -1 where the tokenizer has none.
  TokenId bos_id() const;
  TokenId eos_id() const;
  TokenId pad_id() const;
  /// The token that every text begins with: BOS, or -1 where one of other make goes without.
  TokenId begin_id() const;
  /// The tokens behind which a text, or an answer, is over: EOS, <|im_end|>, and what generation_config.json of the
  /// directory lists beside them (Llama 3 and Qwen list several). Ascending, each once.
  const std::vector<TokenId>& end_ids() const;
  bool ends_text(TokenId id) const;  // one of them, or <|im_start|>: no message begins within a text
  /// The id of a control token by name, or -1 (a tokenizer of other make may have no chat markers).
  TokenId control_id(std::string_view name) const;
  /// The chat template, in Jinja, of a tokenizer of other make; "" where there is none.
  const std::string& chat_template() const;

  /// Hash of tokenizer.model, and of tokens added to it by the files beside it; token shards and checkpoints remember
  /// it.
  const std::string& hash() const;
  const std::filesystem::path& directory() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ktlm::tokenizer
