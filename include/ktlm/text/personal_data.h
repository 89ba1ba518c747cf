// Masks what tells of one person and helps no model: 주민등록번호, telephone numbers, e-mail addresses, card numbers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace ktlm::text {

enum class PersonalData { kEmail, kResidentNumber, kPhone, kCard };
inline constexpr size_t kNumPersonalData = 4;
/// How many of each kind, by its number.
using PersonalDataCounts = std::array<int64_t, kNumPersonalData>;

/// "email", "resident_number", "phone", "card": as in the manifest.
const char* personal_data_name(PersonalData kind);

/// Replaces, in normalised text, each by its placeholder (<이메일>, <주민등록번호>, <전화번호>, <카드번호>) and counts
/// it.
///
/// - E-mail: local@domain in ASCII; not of the domains example.com, .org and .net (RFC 2606), which are nobody's.
/// - Resident and foreigner registration numbers: a possible date and a seventh digit from 1 to 8. Written as one
///   number, or a foreigner's (from 5 on) with a space, their check digit must be right (with a dash it need not: since
///   October 2020 new numbers have none).
/// - Telephone: mobile (01x), 070, 050x and area codes (02, 031 ... 064), also behind +82, 0082 or "82-". The rest is
///   3 or 4 digits and 4; of mobile numbers, 070 and 050x also 8 (not behind a full stop), or 01x and 070 all as one
///   number. 15xx, 16xx, 18xx and 080 belong to companies and stay; so do area codes without separators (027071764).
/// - Cards: 4-4-4-4, 4-6-5 or as one number of a card issuer's prefix, where Luhn's check digit is right. Their groups
///   are divided by dashes, spaces or full stops, by the same throughout.
///
/// The groups of telephone numbers are divided by dashes of any kind, spaces or full stops, and the prefix also by a
/// bracket; two kinds in one number are fine where the first is a dash or a bracket, or the second a dash, but not
/// 02)2123.4567. What may be years stays: 02 2020 2021, 02-234 1999. A number may stand behind another and a comma, as
/// in a list; decimals, thousands and the parts of longer numbers (ISBN) are none. Account numbers have no form of
/// their own and stay. Linear in time, whatever the text.
void mask_personal_data(std::string& text, PersonalDataCounts& counts);

}  // namespace ktlm::text
