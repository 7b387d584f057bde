package password_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The table is searched by halves, so it has to be sorted.
func TestTableOfCommonPasswordsIsSound(t *testing.T) {
	table, err := os.ReadFile("common.bin")
	require.NoError(t, err)
	const width = 5
	require.Zero(t, len(table)%width)
	assert.GreaterOrEqual(t, len(table)/width, 10_000)
	assert.Less(t, len(table), 200_000)
	for i := width; i < len(table); i += width {
		require.Negative(t, bytes.Compare(table[i-width:i], table[i:i+width]), "entry %d", i/width)
	}
	notice, err := os.ReadFile("common.NOTICE")
	require.NoError(t, err)
	assert.Contains(t, string(notice), "Permission is hereby granted", "the licence of the source stays beside the table")
}
