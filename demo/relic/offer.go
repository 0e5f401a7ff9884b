package relic

import "encoding/binary"

// read takes a ClientHello apart; ok is false for what is none.
func read(record []byte) (c offer, ok bool) {
	if len(record) < 9 || record[0] != 22 || record[5] != 1 {
		return c, false
	}
	b := record[9:]
	if len(b) < 35 {
		return c, false
	}
	c.version = binary.BigEndian.Uint16(b)
	b = b[34:]
	_, b = cut(b, 1) // session
	list, b := cut(b, 2)
	c.suites = shorts(list)
	methods, b := cut(b, 1)
	for _, m := range methods {
		c.deflate = c.deflate || m == 1
	}
	all, _ := cut(b, 2)
	for len(all) >= 4 {
		id := binary.BigEndian.Uint16(all)
		var data []byte
		data, all = cut(all[2:], 2)
		switch id {
		case 0:
			if list, _ := cut(data, 2); len(list) > 3 {
				name, _ := cut(list[1:], 2)
				c.name = string(name)
			}
		case 10:
			list, _ := cut(data, 2)
			c.groups = shorts(list)
		case 13:
			list, _ := cut(data, 2)
			c.signs = shorts(list)
		case 23:
			c.ems = true
		case 43:
			list, _ := cut(data, 1)
			for _, v := range shorts(list) {
				c.newest = c.newest || v == 0x0304
			}
		case 0xff01:
			c.reneg = true
		}
	}
	return c, len(c.suites) > 0
}

// cut takes what follows its length of so many bytes.
func cut(b []byte, octets int) (data, rest []byte) {
	if len(b) < octets {
		return nil, nil
	}
	n := 0
	for _, c := range b[:octets] {
		n = n<<8 | int(c)
	}
	if b = b[octets:]; n > len(b) {
		return b, nil
	}
	return b[:n], b[n:]
}

func shorts(b []byte) []uint16 {
	var out []uint16
	for ; len(b) >= 2; b = b[2:] {
		out = append(out, binary.BigEndian.Uint16(b))
	}
	return out
}
