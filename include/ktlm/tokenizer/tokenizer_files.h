// The files of a tokenizer directory. A model directory holds the same ones.
#pragma once

#include <array>

namespace ktlm::tokenizer {

inline constexpr const char* kModelFile = "tokenizer.model";         // SentencePiece's
inline constexpr const char* kFastTokenizerFile = "tokenizer.json";  // Hugging Face's, of the tokenizers library
inline constexpr const char* kTokenizerConfigFile = "tokenizer_config.json";  // Hugging Face's, of transformers
inline constexpr const char* kSpecialTokensFile = "special_tokens_map.json";  // the same, for older versions
inline constexpr const char* kAddedTokensFile = "added_tokens.json";     // the same, of other make, until version 4.33
inline constexpr const char* kChatTemplateFile = "chat_template.jinja";  // the same, of other make, since version 4.47
inline constexpr const char* kGenerationConfigFile = "generation_config.json";  // Hugging Face's, of the model
inline constexpr const char* kAnalysisFile = "analysis.json";
inline constexpr const char* kAnalysisPage = "analysis.html";

/// What a program needs in order to use the tokenizer; a model directory gets copies of those that exist.
inline constexpr std::array kTokenizerFiles = {kModelFile,           kFastTokenizerFile, kTokenizerConfigFile,
                                               kSpecialTokensFile,   kAddedTokensFile,   kChatTemplateFile,
                                               kGenerationConfigFile};

// Keys of tokenizer_config.json that ktlm adds. A directory without them is of other make.
inline constexpr const char* kNormalizerVersionKey = "ktlm_normalizer_version";
inline constexpr const char* kModelHashKey = "ktlm_model_hash";  // of tokenizer.model, as Tokenizer::hash()

}  // namespace ktlm::tokenizer
