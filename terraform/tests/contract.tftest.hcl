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

run "refuses_to_deploy_without_images" {
  command = plan

  plan_options { target = [terraform_data.images] }

  variables { images = null }

  expect_failures = [terraform_data.images]
}

run "refuses_images_for_another_architecture" {
  command = plan

  plan_options { target = [terraform_data.images] }

  variables { architecture = "x86_64" }

  expect_failures = [terraform_data.images]
}

run "refuses_to_label_with_a_model_that_the_image_does_not_hold" {
  command = plan

  plan_options { target = [terraform_data.images] }

  variables { labeler = "embedded" }

  expect_failures = [terraform_data.images]
}

# One plan asks for all that no service or record takes: each of them must be refused.
run "refuses_what_does_not_exist" {
  command = plan

  variables {
    architecture = "amd64"
    kms_key_arn  = "arn:aws:kms:eu-west-1:123456789012:alias/photos"
    labeler      = "imagenet"
    name         = "a-gallery-of-all-tacos" # too long for a bucket
    images = {
      extract   = { digest = "latest", architecture = "amd64" }
      thumbnail = { digest = "latest", architecture = "amd64" }
      tag       = { digest = "latest", architecture = "amd64", label_model = false }
    }
  }

  expect_failures = [var.architecture, var.images, var.kms_key_arn, var.labeler, var.name]
}

run "refuses_numbers_out_of_range" {
  command = plan

  variables {
    log_retention_days      = 31
    max_labels              = 51
    memory_mb               = { thumbnail = 1023 } # less than an AVIF takes
    min_confidence          = 101
    noncurrent_version_days = 0
  }

  expect_failures = [
    var.log_retention_days,
    var.max_labels,
    var.memory_mb,
    var.min_confidence,
    var.noncurrent_version_days,
  ]
}

run "refuses_every_origin_at_once" {
  command = plan

  plan_options { target = [module.photos] }

  variables { cors_origins = ["*"] }

  expect_failures = [var.cors_origins]
}

run "refuses_an_origin_with_a_path" {
  command = plan

  plan_options { target = [module.photos] }

  variables { cors_origins = ["https://photos.example.com/"] }

  expect_failures = [var.cors_origins]
}

run "refuses_no_renditions" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables { renditions = {} }

  expect_failures = [var.renditions]
}

run "refuses_a_rendition_whose_name_does_not_fit_into_a_key" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables {
    renditions = { "big/picture" = { fit = "inside", width_px = 400, height_px = 400, format = "webp", quality = 80 } }
  }

  expect_failures = [var.renditions]
}

run "refuses_a_rendition_that_fits_no_way_we_know" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables {
    renditions = { thumb = { fit = "fill", width_px = 400, height_px = 400, format = "webp", quality = 80 } }
  }

  expect_failures = [var.renditions]
}

run "refuses_a_rendition_without_width" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables {
    renditions = { thumb = { fit = "inside", width_px = 0, height_px = 400, format = "webp", quality = 80 } }
  }

  expect_failures = [var.renditions]
}

run "refuses_a_rendition_that_is_no_longer_small" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables {
    renditions = { thumb = { fit = "inside", width_px = 400, height_px = 4097, format = "webp", quality = 80 } }
  }

  expect_failures = [var.renditions]
}

run "refuses_a_rendition_in_a_format_that_we_do_not_write" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables {
    renditions = { thumb = { fit = "inside", width_px = 400, height_px = 400, format = "png", quality = 80 } }
  }

  expect_failures = [var.renditions]
}

run "refuses_a_rendition_of_no_quality" {
  command = plan

  plan_options { target = [module.thumbnail] }

  variables {
    renditions = { thumb = { fit = "inside", width_px = 400, height_px = 400, format = "webp", quality = 0 } }
  }

  expect_failures = [var.renditions]
}
