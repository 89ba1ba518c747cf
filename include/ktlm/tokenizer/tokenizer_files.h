// The files of a tokenizer directory. A model directory holds the same ones.
#pragma once

#include <array>

namespace ktlm::tokenizer {

inline constexpr const char* kModelFile = "tokenizer.model";         // SentencePiece's
inline constexpr const char* kFastTokenizerFile = "tokenizer.json";  // Hugging Face's, of the tokenizers library
inline constexpr const char* kTokenizerConfigFile = "tokenizer_config.json";  // Hugging Face's, of transformers
inline constexpr const char* kSpecialTokensFile = "special_tokens_map.json";  // the same, for older versions
inline constexpr const char* kAnalysisFile = "analysis.json";
inline constexpr const char* kAnalysisPage = "analysis.html";

/// What a program needs in order to use the tokenizer; a model directory gets copies of those that exist.
inline constexpr std::array kTokenizerFiles = {kModelFile, kFastTokenizerFile, kTokenizerConfigFile,
                                               kSpecialTokensFile};

// Keys of tokenizer_config.json that ktlm adds. A directory without them is of other make.
inline constexpr const char* kNormalizerVersionKey = "ktlm_normalizer_version";
inline constexpr const char* kModelHashKey = "ktlm_model_hash";  // of tokenizer.model, as Tokenizer::hash()

}  // namespace ktlm::tokenizer
