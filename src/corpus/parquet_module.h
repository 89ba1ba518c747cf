// What stands between the program and libktlm_parquet, the shared library that links Arrow and is loaded for the first
// Parquet file: linked into the program, Arrow would cost every start some 30 ms. Nothing of Arrow and no exception
// passes here.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace ktlm::corpus {

struct ParquetColumns {
  std::vector<std::vector<std::string>> texts;  // ways to a text, each as keys from the top; at least one must be there
  std::vector<std::string> others;              // columns that are read too, where they are there
  std::string wanted;                           // `texts`, for a message
};

class ParquetRows {
 public:
  virtual ~ParquetRows() = default;

  /// Replaces `lines` by the next rows, each as a JSON object on a line of its own; by nothing at the end. Returns
  /// what is wrong with the file, else "". Values that are null, or neither text, integers, lists nor structs, are left
  /// out.
  virtual std::string next(std::string& lines) = 0;

  /// Of the file, between 0 and 1.
  virtual double share_read() const = 0;
};

struct OpenedParquet {
  std::unique_ptr<ParquetRows> rows;
  std::string problem;       // where there are no rows
  bool has_no_text = false;  // the problem is that none of the columns is what was asked for,
  int64_t num_rows = 0;      // in so many rows
};

/// The library's one function. Rows are given in their order.
using OpenParquet = void (*)(const std::string& path, const ParquetColumns& columns, OpenedParquet& opened);
inline constexpr const char* kOpenParquetName = "ktlm_open_parquet";

}  // namespace ktlm::corpus
