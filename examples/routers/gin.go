package main

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sallyport-go/sallyport/auth"
)

func ginRouter(guard *auth.Guard) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.GET("/orders/:id", guarded(guard, auth.Scopes("orders:read")), func(c *gin.Context) {
		c.JSON(http.StatusOK, answer(c.Request, c.Param("id")))
	})
	return e
}

// guarded is the whole adapter: gin has middleware of its own form.
func guarded(guard *auth.Guard, requirements ...auth.Requirement) gin.HandlerFunc {
	return func(c *gin.Context) {
		r, err := guard.Check(c.Request, requirements...)
		if err != nil {
			guard.Refuse(c.Writer, c.Request, err)
			c.Abort()
			return
		}
		c.Request = r
		guard.Vary(c.Writer)
	}
}
