# websock_sanitizers: instrumentation for the asan, tsan, fuzz and coverage presets; empty otherwise.
add_library(websock_sanitizers INTERFACE)
if(WEBSOCK_SANITIZE)
    target_compile_options(websock_sanitizers INTERFACE
        -fsanitize=${WEBSOCK_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(websock_sanitizers INTERFACE -fsanitize=${WEBSOCK_SANITIZE})
    if(WEBSOCK_SANITIZE MATCHES "undefined")
        # The vptr check opens a pipe for each type that it meets, and takes it for an error when
        # there are no descriptors: the very thing that the tests of EMFILE arrange.
        target_compile_options(websock_sanitizers INTERFACE -fno-sanitize=vptr)
    endif()
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # Instrumented code confuses these warnings of g++ 12; the other builds have them. -Wtsan is
        # about Asio's fences, which only order what its own mutexes and atomics order already.
        target_compile_options(websock_sanitizers INTERFACE
            -Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow -Wno-restrict
            -Wno-mismatched-new-delete -Wno-tsan)
    endif()
endif()
if(WEBSOCK_COVERAGE)
    target_compile_options(websock_sanitizers INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(websock_sanitizers INTERFACE --coverage)
endif()
