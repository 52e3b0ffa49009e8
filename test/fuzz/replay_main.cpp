// A main for fuzz targets without libFuzzer: runs the target over every file below the directories
// (or of the names) given, in order, and says how many it ran; none at all is a failure.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz/fuzz_input.hpp"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_in(const fs::path& place) {
    if (!fs::is_directory(place))
        return {place};
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(place))
        if (entry.is_regular_file())
            files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

/// False if the file cannot be read.
bool run(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream)
        return false;
    const std::vector<char> content{std::istreambuf_iterator<char>(stream), {}};
    // A copy of exactly that size, so that ASan sees a read past its end.
    const std::vector<std::uint8_t> input(content.begin(), content.end());
    LLVMFuzzerTestOneInput(input.data(), input.size());
    return true;
}

int replay(std::span<char*> places) {
    int count = 0;
    for (const char* place : places)
        for (const fs::path& file : files_in(place)) {
            if (!run(file)) {
                std::fprintf(stderr, "cannot read %s\n", file.c_str());
                return EXIT_FAILURE;
            }
            ++count;
        }
    std::printf("ran %d inputs\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return replay(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
        return EXIT_FAILURE;
    }
}
