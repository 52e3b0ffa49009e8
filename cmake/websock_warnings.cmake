# websock_warnings: the warnings that all of our own code is built with.
add_library(websock_warnings INTERFACE)
target_compile_options(websock_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    $<$<BOOL:${WEBSOCK_WERROR}>:-Werror>)
