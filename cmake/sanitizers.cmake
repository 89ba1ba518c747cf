# Sanitizers named by KTLM_SANITIZE, for every target: a half-sanitized program reports false errors.
if(KTLM_SANITIZE)
  add_compile_options(-fsanitize=${KTLM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${KTLM_SANITIZE})
endif()
