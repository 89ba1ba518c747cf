// Parquet files for tests, written by Arrow itself from columns in JSON.
#pragma once

#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/json/from_string.h>
#include <arrow/memory_pool.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ktlm::test {

struct ParquetColumn {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::string values;  // a JSON array
};

struct ParquetOptions {
  int64_t rows_per_group = 1'000'000;
  parquet::Compression::type compression = parquet::Compression::UNCOMPRESSED;
  bool checksums = false;
  int64_t rows_per_write = 1024;  // pages are cut between writes
};

inline void require(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

inline void write_parquet(const std::string& path, const std::vector<ParquetColumn>& columns,
                          const ParquetOptions& options = {}) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const ParquetColumn& column : columns) {
    auto array = arrow::json::ArrayFromJSONString(column.type, column.values);
    require(array.status());
    fields.push_back(arrow::field(column.name, column.type));
    arrays.push_back(std::move(*array));
  }
  auto file = arrow::io::FileOutputStream::Open(path);
  require(file.status());
  parquet::WriterProperties::Builder builder;
  builder.compression(options.compression)->write_batch_size(options.rows_per_write);
  if (options.checksums) builder.enable_page_checksum();
  // With Arrow's own schema, so that types which Parquet does not know come back as they went in.
  require(parquet::arrow::WriteTable(*arrow::Table::Make(arrow::schema(fields), arrays), arrow::default_memory_pool(),
                                     *file, options.rows_per_group, builder.build(),
                                     parquet::ArrowWriterProperties::Builder().store_schema()->build()));
  require((*file)->Close());
}

}  // namespace ktlm::test
