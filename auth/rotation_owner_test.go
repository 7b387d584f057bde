package auth_test

import (
	"fmt"
	"io/fs"
	"reflect"
)

// owner returns the user of a file, or 0 where files have none.
func owner(info fs.FileInfo) string {
	sys := reflect.Indirect(reflect.ValueOf(info.Sys()))
	if uid := sys.FieldByName("Uid"); uid.IsValid() {
		return fmt.Sprint(uid.Uint())
	}
	return "0"
}
