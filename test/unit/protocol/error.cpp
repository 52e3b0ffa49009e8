// The error categories (websock/error.hpp): one message for each error, and a table of the
// conditions that each error meets.
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <vector>
#include <websock/error.hpp>

namespace websock {
namespace {

struct error_and_conditions {
    error value;
    std::set<condition> met;
};

const std::vector<error_and_conditions>& table() {
    using enum condition;
    static const std::vector<error_and_conditions> rows{
        {error::reserved_bits, {protocol_violation}},
        {error::reserved_opcode, {protocol_violation}},
        {error::fragmented_control, {protocol_violation}},
        {error::oversized_control, {protocol_violation}},
        {error::unmasked_frame, {protocol_violation}},
        {error::masked_frame, {protocol_violation}},
        {error::non_minimal_length, {protocol_violation}},
        {error::length_overflow, {protocol_violation}},
        {error::unexpected_continuation, {protocol_violation}},
        {error::expected_continuation, {protocol_violation}},
        {error::bad_close_payload, {protocol_violation}},
        {error::bad_close_code, {protocol_violation}},
        {error::invalid_utf8, {protocol_violation}},
        {error::bad_compression, {protocol_violation}},
        {error::message_too_big, {limit_exceeded}},
        {error::too_many_fragments, {limit_exceeded}},
        {error::bad_request, {handshake_failed}},
        {error::not_found, {handshake_failed}},
        {error::method_not_allowed, {handshake_failed}},
        {error::request_timeout, {handshake_failed, timeout}},
        {error::target_too_long, {handshake_failed, limit_exceeded}},
        {error::upgrade_required, {handshake_failed}},
        {error::header_too_large, {handshake_failed, limit_exceeded}},
        {error::over_capacity, {handshake_failed, limit_exceeded}},
        {error::bad_upgrade_response, {handshake_failed}},
        {error::upgrade_declined, {handshake_failed}},
        {error::handshake_timeout, {handshake_failed, timeout}},
        {error::idle_timeout, {timeout}},
        {error::close_timeout, {timeout}},
        {error::write_timeout, {timeout}},
        {error::closed, {condition::closed}},
        {error::outbox_full, {limit_exceeded}},
        {error::unclean_close, {condition::closed}},
        {error::shut_down, {condition::closed}},
        {error::bad_argument, {}},
    };
    return rows;
}

constexpr int condition_count = static_cast<int>(condition::closed);

BOOST_AUTO_TEST_SUITE(error)

BOOST_AUTO_TEST_CASE(table_of_this_test_holds_every_error_in_order) {
    BOOST_TEST(table().size() == static_cast<std::size_t>(websock::error::bad_argument));
    for (std::size_t i = 0; i < table().size(); ++i)
        BOOST_TEST(static_cast<std::size_t>(table()[i].value) == i + 1);
}

BOOST_AUTO_TEST_CASE(every_error_meets_exactly_its_conditions) {
    for (const error_and_conditions& row : table())
        for (int number = 1; number <= condition_count; ++number) {
            const auto family = static_cast<condition>(number);
            const error_code ec = row.value;
            BOOST_TEST((ec == family) == row.met.contains(family),
                       ec.message() << " / " << make_error_condition(family).message());
        }
}

BOOST_AUTO_TEST_CASE(success_and_foreign_errors_meet_no_condition) {
    for (int number = 1; number <= condition_count; ++number) {
        const auto family = static_cast<condition>(number);
        BOOST_TEST((error_code() != family));
        for (int value = 1; value < 40; ++value) {
            BOOST_TEST((error_code(value, boost::system::generic_category()) != family));
            BOOST_TEST((error_code(value, boost::system::system_category()) != family));
        }
    }
}

BOOST_AUTO_TEST_CASE(unknown_conditions_are_met_by_nothing) {
    for (const error_and_conditions& row : table())
        for (const int number : {0, condition_count + 1, -1})
            BOOST_TEST((error_code(row.value) != static_cast<condition>(number)));
}

BOOST_AUTO_TEST_CASE(every_error_has_a_message_of_its_own) {
    std::set<std::string> messages;
    for (const error_and_conditions& row : table()) {
        const std::string message = make_error_code(row.value).message();
        BOOST_TEST(!message.empty());
        BOOST_TEST(message.find('\n') == std::string::npos);
        BOOST_TEST(message.find("unknown") == std::string::npos);
        BOOST_TEST(messages.insert(message).second, message);
    }
}

BOOST_AUTO_TEST_CASE(every_condition_has_a_message_of_its_own) {
    std::set<std::string> messages;
    for (int number = 1; number <= condition_count; ++number) {
        const std::string message = make_error_condition(static_cast<condition>(number)).message();
        BOOST_TEST(message.find("unknown") == std::string::npos);
        BOOST_TEST(messages.insert(message).second, message);
    }
}

BOOST_AUTO_TEST_CASE(unknown_values_have_a_message_too) {
    for (const int value : {0, -1, static_cast<int>(table().size()) + 1, 1'000'000}) {
        BOOST_TEST(error_category().message(value) == "unknown websock error");
        BOOST_TEST(condition_category().message(value) == "unknown websock condition");
    }
}

BOOST_AUTO_TEST_CASE(categories_are_named_and_differ) {
    BOOST_TEST(error_category().name() == std::string("websock"));
    BOOST_TEST(condition_category().name() == std::string("websock.condition"));
    BOOST_TEST((error_category() != condition_category()));
    BOOST_TEST((error_category() != boost::system::generic_category()));
}

BOOST_AUTO_TEST_CASE(errors_convert_and_fail) {
    const error_code ec = websock::error::not_found;
    BOOST_TEST(ec.failed());
    BOOST_TEST((ec == websock::error::not_found));
    BOOST_TEST((ec != websock::error::bad_request));
    BOOST_TEST((ec.category() == error_category()));
    BOOST_TEST(boost::system::system_error(ec).code() == ec);
}

BOOST_AUTO_TEST_CASE(errors_meet_conditions_of_the_standard_library_too) {
    const std::error_code ec = make_error_code(websock::error::idle_timeout);
    const std::error_condition family = make_error_condition(condition::timeout);
    BOOST_TEST((ec == family));
    BOOST_TEST((ec != std::error_condition(make_error_condition(condition::closed))));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace websock
