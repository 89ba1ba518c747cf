# Sanitizers named by KTLM_SANITIZE, for every target: a half-sanitized program reports false errors.
if(KTLM_SANITIZE)
  add_compile_options(-fsanitize=${KTLM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${KTLM_SANITIZE})
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    # dlopen() is then called by g++'s libasan.so, for which the program's RUNPATH does not count, but its RPATH does.
    add_link_options(-Wl,--disable-new-dtags)
  endif()
endif()
if(KTLM_FUZZ)  # counters for libFuzzer in all code; its main() is linked to the targets alone
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
