# websock_io_uring: with WEBSOCK_IO_URING, what makes Asio wait by io_uring and not by epoll; empty
# otherwise. Asio is in headers, so the library and whatever is built on it have to agree: it is
# linked PUBLIC, and exported.
add_library(websock_io_uring INTERFACE)
if(WEBSOCK_IO_URING)
    find_package(liburing REQUIRED)
    target_compile_definitions(websock_io_uring INTERFACE
        BOOST_ASIO_HAS_IO_URING BOOST_ASIO_DISABLE_EPOLL)
    # A header of ours before liburing's; it says why. SYSTEM: it uses an extension.
    target_include_directories(websock_io_uring SYSTEM BEFORE INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/cmake/io_uring>
        $<INSTALL_INTERFACE:include/websock/io_uring>)
    target_link_libraries(websock_io_uring INTERFACE liburing::liburing)
endif()
