mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }
}

# As after `make push`.
override_module {
  target = module.registry
  outputs = {
    repository_urls = {
      extract   = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-extract"
      tag       = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-tag"
      thumbnail = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-thumbnail"
    }
  }
}

variables {
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
    error_message = "Each function must have the name that the state machine, the registry and the policies have in their ARNs."
  }

  assert {
    condition = local.image_uris == {
      extract   = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-extract@sha256:1111111111111111111111111111111111111111111111111111111111111111"
      tag       = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-tag@sha256:3333333333333333333333333333333333333333333333333333333333333333"
      thumbnail = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-thumbnail@sha256:2222222222222222222222222222222222222222222222222222222222222222"
    }
    error_message = "Each function must run the image of its own repository that `make push` recorded."
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
    error_message = "No name may be left unrendered in the state machine."
  }
}

# `make push` applies this before it pushes.
run "makes_the_repositories_before_there_are_images" {
  command = plan

  plan_options { target = [module.registry] }

  variables { images = null }
}
