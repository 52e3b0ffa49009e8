// The endpoint in both roles on arbitrary bytes, cut as the input says: no crash, the limits hold,
// and the same events come out as when it is fed whole.
#include "protocol/endpoint.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz_input.hpp"
#include "support/endpoint_script.hpp"

namespace {

using websock::connection_options;
namespace protocol = websock::protocol;
namespace test = websock::test;

connection_options small_limits() {
    connection_options options;
    options.max_message_size = 20'000;
    options.max_fragments = 8;
    return options;
}

struct outcome {
    std::string events;
    test::byte_vector output;
    websock::close_code code;
};

outcome run(protocol::role side, std::span<const std::byte> input, test::cuts cut) {
    const connection_options options = small_limits();
    test::counting_keys keys;
    protocol::endpoint e(side, options, &keys, {});
    outcome result;
    result.events = test::feed(e, input, cut);
    e.commit_eof();
    result.events += test::run_events(e, test::reaction::echo);
    result.output = test::drain_output(e);
    result.code = e.info().code;
    websock::fuzz::require(result.events.ends_with("closed "), "every connection ends");
    websock::fuzz::require(e.next_event().kind == protocol::event_kind::none, "and ends once");
    return result;
}

void require_same(const outcome& got, const outcome& expected) {
    websock::fuzz::require(got.events == expected.events, "the same events whatever the cuts");
    websock::fuzz::require(got.output == expected.output, "the same output whatever the cuts");
    websock::fuzz::require(got.code == expected.code, "the same end whatever the cuts");
}

}  // namespace

// The first byte says the role, the second the seed of the cuts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const auto side = (data[0] & 1U) != 0 ? protocol::role::client : protocol::role::server;
    const auto input = std::as_bytes(std::span(data + 2, size - 2));
    const outcome whole = run(side, input, test::cuts::whole());
    const outcome cut = run(side, input, test::cuts::random(data[1] + 1U));
    require_same(cut, whole);
    if (input.size() <= 1024) {  // else it takes too long for a fuzzer
        require_same(run(side, input, test::cuts::every(1)), whole);
    }
    return 0;
}
