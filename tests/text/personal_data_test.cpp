#include "ktlm/text/personal_data.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace ktlm::text {
namespace {

std::string masked(std::string text) {
  PersonalDataCounts counts{};
  mask_personal_data(text, counts);
  return text;
}

// Each of them in a sentence, at a text's ends and in brackets.
void expect_masked(const std::vector<std::string>& numbers, const std::string& placeholder) {
  for (const std::string& number : numbers) {
    EXPECT_EQ(masked(number), placeholder);
    EXPECT_EQ(masked("연락은 " + number + "로, 또는 [" + number + "]에."),
              "연락은 " + placeholder + "로, 또는 [" + placeholder + "]에.");
    EXPECT_EQ(masked(number + "/" + number), placeholder + "/" + placeholder);
  }
}

void expect_kept(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    EXPECT_EQ(masked(text), text);
    EXPECT_EQ(masked("그는 " + text + "라고 썼다."), "그는 " + text + "라고 썼다.");
  }
}

TEST(PersonalData, MobileNumbersAreMasked) {
  expect_masked({"010-1234-5678", "010 1234 5678", "010.1234.5678", "01012345678", "010 - 1234 - 5678", "010)1234-5678",
                 "011-234-5678", "0162345678", "070-8765-4321", "0505-123-4567"},
                "<전화번호>");
}

TEST(PersonalData, NumbersWithAnAreaCodeAreMasked) {
  expect_masked({"02-323-4567", "02-2123-4567", "(02) 2123-4567", "(02)2123-4567", "02)2123-4567", "031-234-5678",
                 "064.745.6789", "055 234 5678", "044-300-1234"},
                "<전화번호>");
}

TEST(PersonalData, NumbersFromAbroadAreMasked) {
  expect_masked({"+82-10-1234-5678", "+82 10-1234-5678", "+821012345678", "+82-2-2123-4567", "+82 (0)10 1234 5678",
                 "82-10-1234-5678", "+82-31-234-5678"},
                "<전화번호>");
}

TEST(PersonalData, SeparatorsMayDiffer) {
  expect_masked({"010-1234 5678", "010-1234.5678", "(010) 1234 5678", "(010) 1234.5678", "010) 1234 5678",
                 "011-234 5678", "02-2123 4567", "02-2123.4567", "(02) 2123 4567", "031.234-5678", "010 1234-5678"},
                "<전화번호>");
  expect_kept({"010 1234.5678", "010.1234 5678", "02 2123.4567", "02) 2123.4567", "031-234 1999"});
}

TEST(PersonalData, MobileNumbersOfTwoGroupsAreMasked) {
  expect_masked({"010-12345678", "010 12345678", "010)12345678", "(010) 12345678", "070-12345678", "010–12345678",
                 "010-19991231"},
                "<전화번호>");
  expect_kept({"010.12345678", "010 19991231", "010-123456789", "02-21234567", "009 12345678"});
}

TEST(PersonalData, AreaCodesWithoutSeparatorsStay) { expect_kept({"027071764", "0226543210", "0521234567"}); }

TEST(PersonalData, YearsBehindAShortNumberStay) {
  expect_kept({"가 02 2020 2021", "나 031 2020 2021", "다 011 2002 2003", "(02) 2019 2020"});
  expect_masked({"02-2020-2021", "011 2002 3003", "010 5678 1999"}, "<전화번호>");
}

TEST(PersonalData, NumbersFromAbroadAreMaskedHoweverTheyAreDivided) {
  expect_masked({"+82.10.1234.5678", "+8210-1234-5678", "+82(10)1234-5678", "+82 (10) 1234 5678", "+82 (010) 1234-5678",
                 "+82-(0)10-1234-5678", "(+82)10-1234-5678", "(+82) 10 1234 5678", "+82)10-1234-5678", "+822-2123-4567",
                 "+82(2)2123-4567", "+82 10 12345678", "+8201012345678", "0082-10-1234-5678", "0082 10 1234 5678",
                 "00821012345678", "008210-1234-5678"},
                "<전화번호>");
  expect_kept({"+82(10 1234-5678", "+82", "0082-11", "+82.5", "82.10.1234.5678", "10082-10-1234-5678"});
}

TEST(PersonalData, NumbersOfCompaniesStay) {
  expect_kept(
      {"1588-1234", "1577-0000", "1644-1234", "1899-1234", "080-323-4567", "02-123-4567", "119", "+1-202-555-0100"});
}

TEST(PersonalData, ResidentNumbersAreMasked) {
  expect_masked({"800101-1234567", "800101 - 2234567", "051231-4234567", "900229-5234567", "8001011234560"},
                "<주민등록번호>");
}

TEST(PersonalData, ResidentNumbersWithASpaceAreMasked) {
  expect_masked({"900101 1234567", "051231 4234567", "800101 5123453"}, "<주민등록번호>");
  expect_kept({"900101  1234567", "901301 1234567", "800101 5123451", "900101.1234567", "900101 12345678"});
}

TEST(PersonalData, NumbersBehindACommaOrFullStopAreMasked) {
  expect_masked({"010-1234-5678", "02)2123-4567", "031-234-5678", "010–1234–5678"}, "<전화번호>");
  for (const std::string before : {"연락처,", "끝.", "홍길동,45,", "2024.", "1.", "번호 9,"}) {
    EXPECT_EQ(masked(before + "010-1234-5678"), before + "<전화번호>");
    EXPECT_EQ(masked(before + "900101-1234567,서울"), before + "<주민등록번호>,서울");
    EXPECT_EQ(masked(before + "02)2123-4567.2024년"), before + "<전화번호>.2024년");
    EXPECT_EQ(masked(before + "4111-1111-1111-1111,3"), before + "<카드번호>,3");
  }
  EXPECT_EQ(masked("45,01012345678,8001011234560,4111111111111111,7"), "45,<전화번호>,<주민등록번호>,<카드번호>,7");
}

TEST(PersonalData, EachNumberOfAListIsMasked) {
  for (const std::string number : {"010-1234-5678", "02-2123-4567", "010.1234.5678", "010 1234 5678", "01012345678"}) {
    for (const std::string mark : {",", "/", ", ", "·", "~", "–"})
      EXPECT_EQ(masked(number + mark + number + mark + number),
                "<전화번호>" + mark + "<전화번호>" + mark + "<전화번호>");
  }
  EXPECT_EQ(masked("010-1234-5678.02-2123-4567.끝"), "<전화번호>.<전화번호>.끝");
}

TEST(PersonalData, DashesOfAnyKindDivideNumbers) {
  for (const std::string dash : {"-", "‐", "‑", "‒", "–", "—", "―", "−", "－", "ㅡ", " – "}) {
    EXPECT_EQ(masked("전화 010" + dash + "1234" + dash + "5678로"), "전화 <전화번호>로") << dash;
    EXPECT_EQ(masked("전화 02" + dash + "2123" + dash + "4567."), "전화 <전화번호>.") << dash;
    EXPECT_EQ(masked("+82" + dash + "10" + dash + "1234" + dash + "5678"), "<전화번호>") << dash;
    EXPECT_EQ(masked("800101" + dash + "1234567"), "<주민등록번호>") << dash;
    EXPECT_EQ(masked("4111" + dash + "1111" + dash + "1111" + dash + "1111"), "<카드번호>") << dash;
  }
  EXPECT_EQ(masked("82–10–1234–5678"), "<전화번호>");
  expect_kept({"978–89–364–3412–0", "1–02–2123–4567", "1990–2020", "2019−07−01", "801301–1234567"});
}

TEST(PersonalData, ImpossibleResidentNumbersStay) {
  expect_kept({"801301-1234567", "800132-1234567", "800431-1234567", "800101-9234567", "800101-0234567",
               "8001011234567", "800101-123456", "800101-12345678", "1800101-1234567"});
}

TEST(PersonalData, ForeignersNumbersHaveACheckDigitOfTheirOwn) {
  // 8 0 0 1 0 1 5 1 2 3 4 5 weighed by 2 3 4 5 6 7 8 9 2 3 4 5: 131; 11 - 131 % 11 + 2 = 3.
  EXPECT_EQ(masked("8001015123453"), "<주민등록번호>");
  EXPECT_EQ(masked("8001015123451"), "8001015123451") << "the check digit of a resident's";
}

TEST(PersonalData, CardNumbersWithTheRightCheckDigitAreMasked) {
  expect_masked({"4111-1111-1111-1111", "4111 1111 1111 1111", "4111111111111111", "5555-5555-5555-4444",
                 "4111.1111.1111.1111", "3782-822463-10005", "378282246310005", "3530-1113-3330-0000"},
                "<카드번호>");
  expect_kept({"4111-1111-1111-1112", "1234-5678-9012-3452", "4111 1111-1111 1111", "4111-1111-1111-1111-1",
               "2004-2008-2012-2016"});
}

TEST(PersonalData, EmailAddressesAreMasked) {
  expect_masked({"gildong.hong@naver.com", "a@b.kr", "01012345678@hanmail.net", "kim_1+news@mail.snu.ac.kr"},
                "<이메일>");
  EXPECT_EQ(masked("(문의:hong@kaist.ac.kr)"), "(문의:<이메일>)");
  EXPECT_EQ(masked("메일은 hong@kaist.ac.kr."), "메일은 <이메일>.");
}

TEST(PersonalData, WhatIsNoAddressStays) {
  expect_kept({"user@example.com", "@override", "a@b", "hong@localhost", "3@5.00", "이름@naver.com", "@@@", "a@b..kr",
               "트위터 @hong"});
}

TEST(PersonalData, OtherNumbersStay) {
  expect_kept({"2019-07-01",
               "2019.07.01",
               "1990-2020",
               "1,234,567",
               "3.141592653589793",
               "37.5665, 126.9780",
               "978-89-364-3412-0",
               "89-7012-345-6",
               "제10조의2제3항",
               "192.168.0.1",
               "123-45-67890",
               "1002-123-456789",
               "서울 02 1945 1950",
               "0.0101234567",
               "A0101234567",
               "010-1234-56789",
               "2010-1234-5678",
               "010-12345-678",
               "09:30-10:30",
               "20190701123456",
               "1,010 2345 6789",
               "12,031.234.5678",
               "1.010.1234.5678",
               "010.1234.5678.9",
               "v2.02.2123.4567",
               "4111111111111111.5",
               "0.8001011234560",
               "3.141592653589793,2.718281828459045",
               "37.5665,126.9780",
               "1,031,234,5678",
               "2019.07.01,2019.08.01",
               "192.168.0.1,192.168.0.2",
               "89-7012-345-6,89-7012-346-4"});
}

TEST(PersonalData, EachKindIsCounted) {
  std::string text = "010-1234-5678, 02-2123-4567, hong@naver.com, 800101-1234567, 4111 1111 1111 1111";
  PersonalDataCounts counts{};
  mask_personal_data(text, counts);
  EXPECT_EQ(text, "<전화번호>, <전화번호>, <이메일>, <주민등록번호>, <카드번호>");
  EXPECT_EQ(counts[static_cast<size_t>(PersonalData::kEmail)], 1);
  EXPECT_EQ(counts[static_cast<size_t>(PersonalData::kResidentNumber)], 1);
  EXPECT_EQ(counts[static_cast<size_t>(PersonalData::kPhone)], 2);
  EXPECT_EQ(counts[static_cast<size_t>(PersonalData::kCard)], 1);
}

TEST(PersonalData, MaskingTwiceChangesNothingMore) {
  const std::string alphabet = "0123456789-. ()+@ak가/";
  std::mt19937_64 random(1);
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (size_t n = random() % 40; n > 0; --n) text += alphabet[random() % alphabet.size()];
    const std::string once = masked(text);
    ASSERT_EQ(masked(once), once) << text;
  }
}

TEST(PersonalData, MaskingWhatLooksLikeNumbersTwiceChangesNothingMore) {
  const std::vector<std::string> pieces = {
      "010",  "-",    "1234",          "5678",    ",",   ".", "02", "–",  " ",           "800101",
      "4111", "1111", "010-1234-5678", "1234567", "+82", ")", "(",  "가", "01012345678", "8001011234560"};
  std::mt19937_64 random(2);
  for (int i = 0; i < 100'000; ++i) {
    std::string text;
    for (size_t n = random() % 12; n > 0; --n) text += pieces[random() % pieces.size()];
    const std::string once = masked(text);
    ASSERT_EQ(masked(once), once) << text;
  }
}

TEST(PersonalData, LongRunsTakeLinearTime) {
  for (const std::string part :
       {"0", "@", "a", "a@", "010-", "4111 ", "(0)", "82-10-", "1@a.", "010.", "010,", "010–", "–", "8001011234560."}) {
    std::string text;
    while (text.size() < 3'000'000) text += part;
    masked(text);
  }
}

}  // namespace
}  // namespace ktlm::text
