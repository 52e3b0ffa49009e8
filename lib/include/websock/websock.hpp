// All of websock.
#pragma once

#include <websock/client.hpp>
#include <websock/close.hpp>
#include <websock/connection.hpp>
#include <websock/error.hpp>
#include <websock/handler.hpp>
#include <websock/message.hpp>
#include <websock/options.hpp>
#include <websock/reconnect.hpp>
#include <websock/request.hpp>
#include <websock/response.hpp>
#include <websock/serve.hpp>
#include <websock/server.hpp>
#include <websock/tls.hpp>
