#include "close_state.hpp"

#include <array>
#include <cstddef>

namespace websock::protocol {
namespace {

using enum close_state;
using enum close_action;

constexpr std::size_t states = 6;
constexpr std::size_t inputs = 6;

// clang-format off
constexpr std::array<std::array<close_step, inputs>, states> table{{
    //  local_close                  peer_close                  failure                  end_of_input             answered                     timeout
    // open. §5.5.1: "If an endpoint receives a Close frame and did not previously send a Close
    // frame, the endpoint MUST send a Close frame in response."
    // [6455-5.5.1-5]
    {{{close_sent, send_close},      {close_received, announce}, {failing, announce},     {lost, announce},        {open, nothing},             {open, nothing}}},
    // close_sent. §5.5.1: "After both sending and receiving a Close message, an endpoint considers
    // the WebSocket connection closed".
    {{{close_sent, nothing},         {closed, finish},           {closed, finish},        {closed, finish},        {close_sent, nothing},       {closed, finish}}},
    // close_received. §5.5.1: "An endpoint MAY delay sending a Close frame until its current
    // message is sent".
    {{{closed, send_close_finish},   {close_received, nothing},  {close_received, nothing}, {close_received, nothing}, {closed, send_close_finish}, {closed, send_close_finish}}},
    // failing. §7.1.7: "the endpoint SHOULD send a Close frame with an appropriate status code".
    {{{closed, send_close_finish},   {failing, nothing},         {failing, nothing},      {failing, nothing},      {closed, send_close_finish}, {closed, send_close_finish}}},
    // lost. §7.1.5: without a Close frame the code is 1006, which is never sent.
    {{{closed, finish},              {lost, nothing},            {lost, nothing},         {lost, nothing},         {closed, finish},            {closed, finish}}},
    // closed.
    {{{closed, nothing},             {closed, nothing},          {closed, nothing},       {closed, nothing},       {closed, nothing},           {closed, nothing}}},
}};
// clang-format on

}  // namespace

close_step step(close_state state, close_input input) noexcept {
    return table[static_cast<std::size_t>(state)][static_cast<std::size_t>(input)];
}

}  // namespace websock::protocol
