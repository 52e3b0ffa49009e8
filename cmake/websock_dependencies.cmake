# What websock is built on. Everything comes from the system's packages.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
# Boost ships its own package configuration; older ones are found by CMake's module.
find_package(Boost 1.81 REQUIRED)
