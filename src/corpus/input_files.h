// From the command line's inputs to the files they stand for, and from a file to what is in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "byte_source.h"
#include "ktlm/core/progress.h"

namespace ktlm::corpus {

enum class Format { kMediawiki, kWikitext, kHtml, kJsonl, kJson, kText };

struct InputFile {
  std::string path;        // "-" is standard input
  std::string name;        // as documents and messages know it: "a.jsonl", "novels/경희.txt"
  size_t input = 0;        // index of the input it belongs to
  int64_t size_bytes = 0;  // 0: not known
};

/// The files behind `inputs`, in their order. A folder stands for the files beneath it that is_document_name() knows,
/// and for archives and Parquet files, sorted by path, without hidden ones and without `out_dir`; of a prepared
/// directory for its documents alone. `warn` hears how many others it holds, and how many Parquet files where these
/// can't be read. Throws Error where an input is missing or such a folder empty.
std::vector<InputFile> list_input_files(const std::vector<std::string>& inputs, const std::filesystem::path& out_dir,
                                        const WarningCallback& warn);

/// Whether the name is one of those that a folder or archive stands for, archives and Parquet files apart: it ends in a
/// known way, such as .txt or .jsonl, perhaps with .gz, .bz2, .xz or .zst behind.
bool is_document_name(const std::string& name);

/// Likewise, whether it ends in .parquet.
bool is_parquet_name(const std::string& name);

/// Whether documents of the file may say themselves of what source they are, as JSON does: so of all but plain text,
/// pages and dumps. `forced` is as for detect_format().
bool may_name_sources(const std::string& name, const std::string& forced);

/// Whether a file in an archive is hidden, as some are in folders: ".DS_Store", ".git/x.txt", and "__MACOSX/._a.txt".
bool is_hidden_member(const std::string& member);

/// is_document_name()'s ends, for messages, and `more` behind them: ".txt, .text, ... or .wiki".
std::string document_suffixes_text(const std::vector<std::string>& more = {});

/// The format that `forced` names or, where that is "auto", that the file's `name` and else its first bytes show.
/// Throws Error where it's none: binary data, XML that is no dump.
Format detect_format(const std::string& name, ByteSource& source, const std::string& forced);

}  // namespace ktlm::corpus
