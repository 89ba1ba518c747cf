// Rows of Arrow's columns as JSON. Part of libktlm_parquet.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>

namespace ktlm::corpus {

/// Whether a value of `type` is bytes that may be text: strings, binary data, dictionaries of them.
bool is_text(const arrow::DataType& type);

/// Appends the row as an object without its null members. Text stays the bytes that it is, so that whoever repairs
/// UTF-8 sees what was there.
void append_json(const arrow::RecordBatch& batch, int64_t row, std::string& out);

}  // namespace ktlm::corpus
