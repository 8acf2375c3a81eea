CREATE TABLE "responses" (
	"id" text PRIMARY KEY,
	"organization_id" text NOT NULL,
	"actor_id" text NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"input" text NOT NULL,
	"response" text NOT NULL,
	"item_ids" text[] DEFAULT '{}'::text[] NOT NULL
);
--> statement-breakpoint
CREATE INDEX "responses_by_expiry" ON "responses" ("expires_at");--> statement-breakpoint
CREATE INDEX "responses_by_item" ON "responses" USING gin ("item_ids");