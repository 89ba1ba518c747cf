#include "mend.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ktlm::text {
namespace {

// Each '^' marks a scar of words, each '#' one of a note.
std::string mended(std::string_view marked) {
  std::string line;
  std::vector<Scar> scars;
  for (const char c : marked) {
    if (c == '^' || c == '#') {
      scars.push_back({line.size(), c == '^'});
    } else {
      line += c;
    }
  }
  mend_line(line, scars);
  return line;
}

TEST(Mend, BracketsEmptiedByRemovalGo) {
  EXPECT_EQ(mended("베를린 (^, ^)은"), "베를린은");
  EXPECT_EQ(mended("베를린(^)은"), "베를린은");
  EXPECT_EQ(mended("가 ((^)) 나"), "가 나");
  EXPECT_EQ(mended("가（^）나"), "가나");
  EXPECT_EQ(mended("(^)"), "");
  EXPECT_EQ(mended("가 《^》 나"), "가 나");
  EXPECT_EQ(mended("가( ^ · ^ )는"), "가는");
  EXPECT_EQ(mended("가(^ ~ ^)는"), "가는");
  EXPECT_EQ(mended("가(: ^)는"), "가는");
  EXPECT_EQ(mended("ベルリン（^、^）は"), "ベルリンは");
}

TEST(Mend, SeparatorsAtBracketsGo) {
  EXPECT_EQ(mended("가(^, 나)"), "가(나)");
  EXPECT_EQ(mended("가(나; ^)"), "가(나)");
  EXPECT_EQ(mended("^, 가, ^"), "가");
  EXPECT_EQ(mended("^: 3.5인치"), "3.5인치");
  EXPECT_EQ(mended("( ^ 1999년 ~ ^ )"), "(1999년 ~)");
}

TEST(Mend, LabelsInBracketsGoWithTheirWords) {
  EXPECT_EQ(mended("가(한자: ^)는"), "가는");
  EXPECT_EQ(mended("가(^, 한자: ^)는"), "가는");
  EXPECT_EQ(mended("가(나, 한자: ^)는"), "가(나)는");
  EXPECT_EQ(mended("가(한자: ^, 로마자: x)는"), "가(로마자: x)는");
  EXPECT_EQ(mended("가(한자: 漢, 발음: ^; 로마자: x)는"), "가(한자: 漢, 로마자: x)는");
  EXPECT_EQ(mended("다음과 같다: ^"), "다음과 같다:");
  EXPECT_EQ(mended("다음과 같다: ^, 또"), "다음과 같다:, 또");
  EXPECT_EQ(mended("(가) 나, 다음: ^) 또"), "(가) 나, 다음:) 또");
}

TEST(Mend, LabelsAreToldFromSentencesAndClauses) {
  for (const char* label : {"전화:", "홈페이지:", "공식 누리집:", "영어：", "Website:", "출생 (음력):"})
    EXPECT_TRUE(is_label(label)) << label;
  for (const char* words : {"다음과 같다:", "이를 정리하면:", "정리하면:", "예는 다음과 같습니다:",
                            "그 밖의 긴 이름 네 낱말:", "전화", ":", "가는:", "1:2:", "끝. 전화:", "아래와 같음:"})
    EXPECT_FALSE(is_label(words)) << words;
  for (const char* words : {"팩스: 02", "팩스:02", "영어：x", "공식 누리집:"})
    EXPECT_TRUE(starts_with_label(words)) << words;
  for (const char* words : {"12:30 폐관", "http://a.kr", "서울, 구: 강남", "서울", "", "그는 말했다. 곧: 가"})
    EXPECT_FALSE(starts_with_label(words)) << words;
}

TEST(Mend, LabelsInMidLineGoOnlyWithTheirWords) {
  EXPECT_EQ(mended("전화: ^, 팩스: 02"), "팩스: 02");
  EXPECT_EQ(mended("전화: #^, 팩스: 02"), "팩스: 02");
  EXPECT_EQ(mended("전화: # ^, 팩스: 02"), "팩스: 02");
  EXPECT_EQ(mended("전화: ^, 팩스: ^, 주소: 서울"), "주소: 서울");
  EXPECT_EQ(mended("정의역: #, 치역: #이다."), "정의역:, 치역: 이다.");
  EXPECT_EQ(mended("국적: ^, 대한민국"), "국적: 대한민국");
  EXPECT_EQ(mended("출연:#, 홍길동은 배우이다."), "출연: 홍길동은 배우이다.");
  EXPECT_EQ(mended("개관: ^, 12:30 폐관"), "개관: 12:30 폐관");
  EXPECT_EQ(mended("가(한자: #, 로마자: x)는"), "가(로마자: x)는");
}

TEST(Mend, OnePauseOfSeveralStays) {
  EXPECT_EQ(mended("가, ^, 나"), "가, 나");
  EXPECT_EQ(mended("가 ^, 나"), "가, 나");
  EXPECT_EQ(mended("가, ^나"), "가, 나");
  EXPECT_EQ(mended("가 ^, ^, ^ 나"), "가, 나");
  EXPECT_EQ(mended("가·^·나"), "가·나");
  EXPECT_EQ(mended("가、^、나"), "가、나");
  EXPECT_EQ(mended("서울 1952, ^."), "서울 1952.");
}

TEST(Mend, SpacesAreMended) {
  EXPECT_EQ(mended("가 ^ 나"), "가 나");
  EXPECT_EQ(mended("가 ^."), "가.");
  EXPECT_EQ(mended("가^나"), "가나");
  EXPECT_EQ(mended("  가 나\t "), "가 나");
  EXPECT_EQ(mended("\u3000가"), "가");
}

TEST(Mend, WhatTheAuthorWroteStays) {
  EXPECT_EQ(mended("빈칸 ( )에 , 알맞은  말"), "빈칸 ( )에 , 알맞은  말");
  EXPECT_EQ(mended("빈칸 ( ) 채우기^ 끝"), "빈칸 ( ) 채우기 끝");
}

}  // namespace
}  // namespace ktlm::text
