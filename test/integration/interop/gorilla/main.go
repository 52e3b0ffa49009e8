// The peer gorilla/websocket: `gorilla client|server --name value ...`, see ../README.md.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

type report struct {
	tally
	Extensions string `json:"extensions"`
	WireIn     int64  `json:"wire_in"`
	Code       int    `json:"code"`
	Reason     string `json:"reason"`
	Clean      bool   `json:"clean"`
}

var options = map[string]string{}

func number(name string) int {
	value, err := strconv.Atoi(options[name])
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func show(value interface{}) {
	line, err := json.Marshal(value)
	check(err)
	fmt.Println(string(line))
}

// watched counts what comes in, and keeps the head of what goes out.
type watched struct {
	net.Conn
	in   int64
	head []byte
}

func (conn *watched) Read(into []byte) (int, error) {
	size, err := conn.Conn.Read(into)
	atomic.AddInt64(&conn.in, int64(size))
	return size, err
}

func (conn *watched) Write(from []byte) (int, error) {
	if len(conn.head) < 4096 {
		conn.head = append(conn.head, from[:min(len(from), 4096)]...)
	}
	return conn.Conn.Write(from)
}

func min(left, right int) int {
	if left < right {
		return left
	}
	return right
}

// sentExtensions finds what the server agreed to in the response that it wrote.
func (conn *watched) sentExtensions() string {
	const name = "Sec-WebSocket-Extensions: "
	head := string(conn.head[:bytes.Index(conn.head, []byte("\r\n\r\n"))+2])
	at := strings.Index(head, name)
	if at < 0 {
		return ""
	}
	rest := head[at+len(name):]
	return rest[:strings.Index(rest, "\r\n")]
}

// ended notes how the connection ended. Gorilla has answered a Close frame with the same code.
func (sum *report) ended(err error) {
	var end *websocket.CloseError
	if !errors.As(err, &end) {
		check(err)
	}
	sum.Code, sum.Reason, sum.Clean = end.Code, end.Text, end.Code != websocket.CloseAbnormalClosure
}

func sendClose(conn *websocket.Conn, code int, reason string) {
	frame := websocket.FormatCloseMessage(code, reason)
	check(conn.WriteControl(websocket.CloseMessage, frame, time.Now().Add(20*time.Second)))
}

func sendAll(conn *websocket.Conn, all []int) {
	for index, size := range all {
		kind := websocket.BinaryMessage
		if isText(index) {
			kind = websocket.TextMessage
		}
		check(conn.WriteMessage(kind, payload(index, size)))
	}
}

func client() {
	var wire *watched
	dialer := websocket.Dialer{
		EnableCompression: options["deflate"] == "1",
		NetDial: func(network, address string) (net.Conn, error) {
			conn, err := net.Dial(network, address)
			wire = &watched{Conn: conn}
			return wire, err
		},
	}
	if file, given := options["ca"]; given {
		pem, err := os.ReadFile(file)
		check(err)
		dialer.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
		dialer.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem)
	}
	conn, response, err := dialer.Dial(options["url"], nil)
	check(err)
	all := sizes(number("messages"), number("largest"))
	sum := report{Extensions: response.Header.Get("Sec-WebSocket-Extensions")}
	sent := make(chan bool)
	go func() {
		sendAll(conn, all)
		close(sent)
	}()
	for index, size := range all {
		kind, content, err := conn.ReadMessage()
		check(err)
		if (kind == websocket.TextMessage) != isText(index) || !bytes.Equal(content, payload(index, size)) {
			check(fmt.Errorf("the echo of message %d, %d bytes, differs", index, size))
		}
		sum.add(kind, content)
	}
	<-sent
	sum.WireIn = atomic.LoadInt64(&wire.in)
	if options["closer"] == "server" {
		check(conn.WriteMessage(websocket.TextMessage, []byte("close "+options["code"])))
	} else {
		sendClose(conn, number("code"), "Grüße")
	}
	_, _, err = conn.ReadMessage()
	sum.ended(err)
	check(conn.Close())
	show(sum)
}

// serve echoes one connection until it ends.
func serve(conn *websocket.Conn, wire *watched) {
	sum := report{}
	for {
		kind, content, err := conn.ReadMessage()
		if err != nil {
			sum.ended(err)
			break
		}
		if kind == websocket.TextMessage && len(content) == 10 && bytes.HasPrefix(content, []byte("close ")) {
			code, err := strconv.Atoi(string(content[6:]))
			check(err)
			sendClose(conn, code, "as asked")
			continue
		}
		sum.add(kind, content)
		sum.WireIn = atomic.LoadInt64(&wire.in)
		check(conn.WriteMessage(kind, content))
	}
	check(conn.Close())
	sum.Extensions = wire.sentExtensions()
	show(sum)
}

// watching is a listener whose connections are watched: the last one is `last`.
type watching struct {
	net.Listener
	last *watched
}

func (listener *watching) Accept() (net.Conn, error) {
	conn, err := listener.Listener.Accept()
	listener.last = &watched{Conn: conn}
	return listener.last, err
}

func server() {
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	listener := &watching{Listener: plain}
	done := make(chan bool)
	upgrader := websocket.Upgrader{EnableCompression: options["deflate"] == "1"}
	if file, given := options["cert"]; given {
		pair, err := tls.LoadX509KeyPair(file, options["key"])
		check(err)
		listener.Listener = tls.NewListener(plain, &tls.Config{Certificates: []tls.Certificate{pair}})
	}
	http.HandleFunc("/ws", func(writer http.ResponseWriter, request *http.Request) {
		conn, err := upgrader.Upgrade(writer, request, nil)
		check(err)
		serve(conn, listener.last)
		close(done)
	})
	show(map[string]int{"port": plain.Addr().(*net.TCPAddr).Port})
	go func() { check(http.Serve(listener, nil)) }()
	<-done
}

func main() {
	for at := 2; at+1 < len(os.Args); at += 2 {
		options[strings.TrimPrefix(os.Args[at], "--")] = os.Args[at+1]
	}
	map[string]func(){"client": client, "server": server}[os.Args[1]]()
}
