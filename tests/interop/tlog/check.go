// SPDX-License-Identifier: Apache-2.0

// check DIR: verifies an exported genxi log with golang.org/x/mod/sumdb alone: the note, the tiles, every leaf, proofs of some.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// folder reads tiles; x/mod writes the height into the path, tlog-tiles (always 8) does not.
type folder string

func (f folder) Height() int { return 8 }

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil && tile.W < 256 { // a full one has the beginning
			full := tile
			full.W = 256
			data, err = os.ReadFile(filepath.Join(string(f), "tile/"+strings.TrimPrefix(full.Path(), "tile/8/")))
			if err == nil && len(data) >= tile.W*tlog.HashSize {
				data = data[:tile.W*tlog.HashSize]
			}
		}
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

type line struct {
	Index  int64
	Salt   string
	Record string
}

// leaves reads the entry bundles.
func leaves(dir string, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		tile := tlog.Tile{H: 8, L: 0, N: n, W: 256}
		if size-n*256 < 256 {
			tile.W = int(size - n*256)
		}
		data, err := os.ReadFile(filepath.Join(dir, "tile/entries/"+strings.TrimPrefix(tile.Path(), "tile/8/0/")))
		must(err)
		for len(data) > 0 {
			width := int(binary.BigEndian.Uint16(append(data[:len(data):len(data)], 0)))
			if 2+width > len(data) {
				must(fmt.Errorf("bundle %d is cut", n))
			}
			all = append(all, data[2:2+width])
			data = data[2+width:]
		}
	}
	return all
}

func records(dir string, data [][]byte) {
	file, err := os.Open(filepath.Join(dir, "entries.jsonl"))
	must(err)
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 4<<20)
	count := 0
	for ; scanner.Scan(); count++ {
		var entry line
		must(json.Unmarshal(scanner.Bytes(), &entry))
		salt, err := hex.DecodeString(entry.Salt)
		must(err)
		record, err := base64.StdEncoding.DecodeString(entry.Record)
		must(err)
		sum := sha256.Sum256(append(salt, record...))
		if entry.Index != int64(count) || count >= len(data) || !bytes.Equal(sum[:], data[count]) {
			must(fmt.Errorf("record %d is not that of its leaf", count))
		}
	}
	if count != len(data) {
		must(fmt.Errorf("%d records, %d leaves", count, len(data)))
	}
}

func main() {
	dir := os.Args[1]
	vkey, err := os.ReadFile(filepath.Join(dir, "vkey"))
	must(err)
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	must(err)
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	must(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err)
	parts := strings.Split(opened.Text, "\n")
	if parts[0] != verifier.Name() {
		must(fmt.Errorf("origin %q", parts[0]))
	}
	var tree tlog.Tree
	_, err = fmt.Sscan(parts[1], &tree.N)
	must(err)
	tree.Hash, err = tlog.ParseHash(parts[2])
	must(err)
	data := leaves(dir, tree.N)
	if int64(len(data)) != tree.N {
		must(fmt.Errorf("%d leaves, %d signed", len(data), tree.N))
	}
	records(dir, data)
	reader := tlog.TileHashReader(tree, folder(dir)) // authenticates every tile against the signed root
	var indexes []int64
	for i := range data {
		indexes = append(indexes, tlog.StoredHashIndex(0, int64(i)))
	}
	hashes, err := reader.ReadHashes(indexes)
	must(err)
	for i := range data {
		if hashes[i] != tlog.RecordHash(data[i]) {
			must(fmt.Errorf("leaf %d is not in the tree", i))
		}
	}
	for i := int64(0); i < tree.N; i += 1 + tree.N/50 {
		proof, err := tlog.ProveRecord(tree.N, i, reader)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, i, tlog.RecordHash(data[i])))
		older, err := tlog.TreeHash(i+1, reader)
		must(err)
		consistent, err := tlog.ProveTree(tree.N, i+1, reader)
		must(err)
		must(tlog.CheckTree(consistent, tree.N, tree.Hash, i+1, older))
	}
	fmt.Printf("sound: %d leaves\n", tree.N)
}
