package rbac

import (
	"errors"
	"strings"
)

// parsePermission splits "object:action". The fault does not repeat the text, whose place the caller names.
func parsePermission(s string) (object, action string, err error) {
	object, action, ok := strings.Cut(s, ":")
	if s == "" {
		return "", "", errors.New(`the permission is empty: name one as "object:action"`)
	}
	if !ok || !isPermissionPart(object) || !isPermissionPart(action) {
		return "", "", errors.New(`the permission is not "object:action", two plain names and one colon`)
	}
	return object, action, nil
}

// isPermissionPart holds for what a rule of a policy can name.
func isPermissionPart(s string) bool {
	return s != "" && len(s) <= maxValue && plain(s) && !strings.ContainsAny(s, "*: ")
}
