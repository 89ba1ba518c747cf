// What goes to a terminal: how wide it is, and texts of other hands without the characters that could steer it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ktlm::cli {

/// Of the terminal that a file descriptor is; 80 where it does not tell, 0 where it is no terminal.
size_t terminal_columns(int descriptor);

/// A control character (C0, DEL, C1); some begin the sequences that move the cursor, paint or rename a window.
bool is_control(char32_t c);

/// The text with U+FFFD for each control character other than a line end or a tab. Bytes that are no UTF-8 stay.
std::string without_controls(std::string_view text);

/// The same for a cell of a table: line ends and tabs become spaces.
std::string on_one_line(std::string_view text);

}  // namespace ktlm::cli
