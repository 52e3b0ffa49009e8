// programme.py in Go: the messages, and their digest.
package main

import (
	"encoding/binary"
	"hash/crc32"
)

const blockSize = 65536

var words = []string{
	"Grüße!", "κόσμ", "日本 a", "€uro£", "😀😁", "plain ab", "ÿ\u07ff\u0800a", "𝄞 ½!",
}

type xorshift uint32

func (state *xorshift) next() uint32 {
	value := uint32(*state)
	value ^= value << 13
	value ^= value >> 17
	value ^= value << 5
	*state = xorshift(value)
	return value
}

func textBlock() []byte {
	numbers := xorshift(2463534242)
	var block []byte
	for len(block) < blockSize {
		block = append(block, words[numbers.next()>>29]...)
	}
	return block
}

func randomBlock() []byte {
	numbers := xorshift(1)
	block := make([]byte, blockSize)
	for at := 0; at < blockSize; at += 4 {
		binary.LittleEndian.PutUint32(block[at:], numbers.next())
	}
	return block
}

var text, random = textBlock(), randomBlock()

func sizes(messages, largest int) []int {
	var all []int
	for _, size := range []int{1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20} {
		if size <= largest {
			all = append(all, size, size)
		}
	}
	numbers := xorshift(7)
	for count := 0; count < messages; count++ {
		scale := 1 << (numbers.next() % 17)
		size := scale + int(numbers.next())%scale
		if size > blockSize {
			size = blockSize
		}
		all = append(all, size)
	}
	return all
}

func isText(index int) bool { return index%2 == 0 }

func payload(index, size int) []byte {
	block, offset := text, 8*(index*613%(blockSize/8))
	if index%4 == 1 {
		block, offset = random, index*7919%blockSize
	}
	end := size
	for isText(index) && block[(offset+end)%blockSize]&0xC0 == 0x80 {
		end-- // not inside a code point
	}
	content := make([]byte, 0, size)
	for len(content) < end {
		part := block[offset:]
		if len(part) > end-len(content) {
			part = part[:end-len(content)]
		}
		content, offset = append(content, part...), 0
	}
	for len(content) < size {
		content = append(content, 'x')
	}
	return content
}

// tally sums up received messages.
type tally struct {
	Messages int    `json:"messages"`
	Bytes    int    `json:"bytes"`
	Digest   uint32 `json:"digest"`
}

func (sum *tally) add(kind int, content []byte) {
	head := []byte{byte(kind), 0, 0, 0, 0}
	binary.LittleEndian.PutUint32(head[1:], uint32(len(content)))
	sum.Messages++
	sum.Bytes += len(content)
	sum.Digest = crc32.Update(crc32.Update(sum.Digest, crc32.IEEETable, head), crc32.IEEETable, content)
}
