mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }

  mock_resource "aws_api_gateway_rest_api" {
    defaults = { id = "a1b2c3d4e5" }
  }

  mock_resource "aws_cloudfront_distribution" {
    defaults = { domain_name = "d1234567890abc.cloudfront.net" }
  }
}

# As after `make push`.
override_module {
  target = module.registry
  outputs = {
    images           = "{\"extract\":{\"digest\":\"sha256:4444444444444444444444444444444444444444444444444444444444444444\",\"architecture\":\"arm64\"},\"thumbnail\":{\"digest\":\"sha256:5555555555555555555555555555555555555555555555555555555555555555\",\"architecture\":\"arm64\"},\"tag\":{\"digest\":\"sha256:6666666666666666666666666666666666666666666666666666666666666666\",\"architecture\":\"arm64\",\"label_model\":false}}"
    images_parameter = "/gallery/images"
    repository_urls = {
      extract   = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-extract"
      tag       = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-tag"
      thumbnail = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-thumbnail"
    }
  }
}

variables {
  account_id = "123456789012"
  region     = "eu-west-1"

  images = {
    extract = {
      digest       = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
      architecture = "arm64"
    }
    thumbnail = {
      digest       = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
      architecture = "arm64"
    }
    tag = {
      digest       = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
      architecture = "arm64"
      label_model  = false
    }
  }
}

run "wires_every_function" {
  command = plan

  assert {
    condition = output.function_names == {
      extract   = "gallery-extract"
      tag       = "gallery-tag"
      thumbnail = "gallery-thumbnail"
    }
    error_message = "The ARNs in the state machine, the registry and the policies must contain each function's name."
  }

  assert {
    condition = local.image_uris == {
      extract   = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-extract@sha256:1111111111111111111111111111111111111111111111111111111111111111"
      tag       = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-tag@sha256:3333333333333333333333333333333333333333333333333333333333333333"
      thumbnail = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-thumbnail@sha256:2222222222222222222222222222222222222222222222222222222222222222"
    }
    error_message = "Each function must run the image that `make push` recorded, from its own repository."
  }

  assert {
    condition = alltrue([
      for key in ["extract", "thumbnail", "tag"] :
      strcontains(jsonencode(local.definition), "\"FunctionName\":\"arn:aws:lambda:eu-west-1:123456789012:function:gallery-${key}\"")
    ])
    error_message = "The state machine must invoke each function by its ARN."
  }

  assert {
    condition     = !strcontains(jsonencode(local.definition), "$${")
    error_message = "The state machine must not contain unrendered template variables."
  }
}

run "the_page_may_connect_only_to_the_gallerys_resources" {
  command = plan

  assert {
    condition = local.page_headers["Content-Security-Policy"] == join("; ", [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      join(" ", [
        "img-src 'self'",
        "https://gallery-derived-123456789012-eu-west-1.s3.eu-west-1.amazonaws.com",
        "https://gallery-shares-123456789012-eu-west-1.s3.eu-west-1.amazonaws.com",
      ]),
      join(" ", [
        "connect-src 'self'",
        "https://gallery-photos-123456789012-eu-west-1.s3.eu-west-1.amazonaws.com",
        "https://cognito-identity.eu-west-1.amazonaws.com",
        "https://cognito-idp.eu-west-1.amazonaws.com",
        "https://dynamodb.eu-west-1.amazonaws.com",
        "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
        "https://gallery-shares-123456789012-eu-west-1.s3.eu-west-1.amazonaws.com",
      ]),
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
    error_message = "The Content-Security-Policy must list each required host, without wildcards: ${local.page_headers["Content-Security-Policy"]}"
  }
}

run "the_page_may_show_tiles_of_the_configured_server_only" {
  command = plan

  variables {
    map_tiles_url         = "https://tile.example.org:8443/styles/light/{z}/{x}/{y}.png?key=a-b_c"
    map_tiles_attribution = "© Example contributors"
  }

  assert {
    condition = strcontains(local.page_headers["Content-Security-Policy"], join(" ", [
      "img-src 'self'",
      "https://gallery-derived-123456789012-eu-west-1.s3.eu-west-1.amazonaws.com",
      "https://gallery-shares-123456789012-eu-west-1.s3.eu-west-1.amazonaws.com",
      "https://tile.example.org:8443;",
    ]))
    error_message = "img-src must end with the tile server's origin, without its path: ${local.page_headers["Content-Security-Policy"]}"
  }

  assert {
    condition     = length(split("tile.example.org", local.page_headers["Content-Security-Policy"])) == 2
    error_message = "No other directive may name the tile server: ${local.page_headers["Content-Security-Policy"]}"
  }

  assert {
    condition = local.map_tiles == tomap({
      map_tiles_attribution = "© Example contributors"
      map_tiles_url         = "https://tile.example.org:8443/styles/light/{z}/{x}/{y}.png?key=a-b_c"
    })
    error_message = "config.json must have the URL and the attribution."
  }
}

run "a_map_without_a_tile_server_asks_nobody" {
  command = plan

  assert {
    condition     = local.map_tiles_origin == null && length(local.map_tiles) == 0
    error_message = "Neither the headers nor config.json may name a tile server."
  }
}

run "buckets_and_api_allow_the_page_and_cors_origins" {
  command = plan

  variables { cors_origins = ["http://localhost:5173"] }

  assert {
    condition     = local.origins == tolist(["https://d1234567890abc.cloudfront.net", "http://localhost:5173"])
    error_message = "The allowed origins must be the page's own origin and cors_origins."
  }
}

run "without_shares_nothing_of_them_is_left" {
  command = plan

  variables { shares = false }

  assert {
    condition     = length(module.shares) == 0 && output.shares_url == null
    error_message = "There must be no bucket and no distribution."
  }

  assert {
    condition     = !strcontains(local.page_headers["Content-Security-Policy"], "gallery-shares")
    error_message = "The page must not connect to the bucket."
  }
}

run "who_can_sign_up_alone_cannot_publish" {
  command = plan

  variables { self_sign_up = true }

  assert {
    condition     = length(module.shares) == 0
    error_message = "With self_sign_up, shares must be off unless they are turned on."
  }
}

run "without_images_the_pushed_ones_run" {
  command = plan

  variables { images = null }

  assert {
    condition     = [for key in ["extract", "thumbnail", "tag"] : local.images[key].digest] == [for digit in ["4", "5", "6"] : "sha256:${join("", [for _ in range(64) : digit])}"]
    error_message = "Each function must run the image that the parameter names: ${jsonencode(local.images)}"
  }
}

# `make push` applies this before it pushes.
run "creates_the_repositories_before_images_exist" {
  command = plan

  plan_options { target = [module.registry] }

  variables {
    images = null
    name   = "aws-photos"
  }

  assert {
    condition     = local.images_parameter == "/gallery-aws-photos/images"
    error_message = "SSM reserves names that begin with aws: ${local.images_parameter}"
  }
}
