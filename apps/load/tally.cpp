#include "tally.hpp"

#include <algorithm>

namespace load_app {

void tally::fail(const std::string& kind, const std::string& what) {
    error_count& entry = errors[kind];
    if (++entry.count == 1) {
        entry.first = what;
    }
}

void tally::merge(const tally& other) {
    latency.merge(other.latency);
    handshakes.merge(other.handshakes);
    published += other.published;
    last = std::max(last, other.last);
    for (const auto& [kind, entry] : other.errors) {
        error_count& mine = errors[kind];
        if (mine.count == 0) {
            mine.first = entry.first;
        }
        mine.count += entry.count;
    }
}

}  // namespace load_app
