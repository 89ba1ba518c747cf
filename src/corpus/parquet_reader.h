// Parquet files, as the Hub's data sets come: each row becomes the line of JSON that a JSONL file would hold, and goes
// the same way from there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "byte_source.h"
#include "ktlm/corpus/prepare.h"
#include "raw_document.h"

namespace ktlm::corpus {

/// Whether this program was built with Arrow.
bool can_read_parquet();

/// Whether the file `name` whose first bytes, unpacked, are `head` is to be read as Parquet: its name or these tell,
/// unless config.format names another format than jsonl. Throws Error where the name alone does, while config.format is
/// "auto".
bool is_parquet(const std::string& name, std::string_view head, const PrepareConfig& config);

/// Emits the documents of the Parquet file at `path`, as read_jsonl() or, where config.text_field goes into arrays with
/// [], read_json() would. Reads only the columns that a document is made of, some MB of rows at a time. A file
/// without a column with text gives dropped documents, one a row. Returns the bytes of JSON. Throws Error naming
/// `name`: standard input, a pipe or a compressed file, since Parquet's table of contents is at its end; truncated or
/// damaged; Arrow is not there.
int64_t read_parquet(const std::string& path, const std::string& name, const PrepareConfig& config,
                     const ReadHooks& hooks, const EmitDocument& emit);

}  // namespace ktlm::corpus
